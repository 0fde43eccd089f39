/** What a card is about; the feed gives each topic its own mark. */
export type FeedTopic = "converge" | "compute" | "models" | "proofs" | "privacy";

export type FeedCard = { id: string; topic: FeedTopic; title: string; body: string };

/**
 * The cards of the feed. Facts are plain and checkable, and the words stay those of a person who reads to earn:
 * nothing here speaks of wallets or chains.
 */
export const FEED_CARDS: readonly FeedCard[] = [
  {
    id: "attention-has-a-price",
    topic: "converge",
    title: "Your attention has a price. Here it is yours.",
    body: "Most feeds sell the seconds you spend looking. This one pays you for them: a little for opening a card, a little for every second you really read. The counter above moves as you do.",
  },
  {
    id: "why-gpus",
    topic: "compute",
    title: "Why AI runs on graphics chips",
    body: "A language model is mostly multiplication. A graphics card holds thousands of small units that all multiply at the same time, which is just what drawing a game needs too.",
  },
  {
    id: "what-is-a-token",
    topic: "models",
    title: "Models do not read words",
    body: "They read tokens: pieces of words. “Reading” might be one token, “unbelievably” three or four. In English, a hundred tokens come to roughly seventy-five words.",
  },
  {
    id: "prove-without-showing",
    topic: "proofs",
    title: "Proof without showing",
    body: "A zero-knowledge proof convinces you that something is true and tells you nothing else. You can check that a model gave this answer without ever seeing the model.",
  },
  {
    id: "key-in-your-phone",
    topic: "privacy",
    title: "A key that cannot leave",
    body: "Your browser made a signing key for this feed and locked it in. Not even this page can copy it out. It signs what you read, so nobody else can earn in your name.",
  },
  {
    id: "one-ledger",
    topic: "converge",
    title: "One book for everything",
    body: "What you earn here lands in the same ledger that pays for computing and AI. Money you made by reading this morning can buy an answer from a language model this afternoon.",
  },
  {
    id: "memory-is-the-limit",
    topic: "compute",
    title: "Memory, not speed, is the usual limit",
    body: "To write one word a model must read all of its weights. A model with seven billion weights at two bytes each is 14 gigabytes, moved again for every single token.",
  },
  {
    id: "temperature",
    topic: "models",
    title: "What “temperature” does",
    body: "A model rates every possible next token. At temperature zero it always takes the best one. Turn it up and less likely ones get their chance: livelier text, and more mistakes.",
  },
  {
    id: "hash-is-a-fingerprint",
    topic: "proofs",
    title: "A fingerprint for data",
    body: "A hash turns any file into a short number. Change one letter and the number is completely different. That is how two people can check they hold the same thing without sending it.",
  },
  {
    id: "paid-in-seconds",
    topic: "converge",
    title: "Small sums, exact to the millionth",
    body: "Amounts here are whole millionths of a dollar, never rounded decimals. Ten thousand tiny earnings add up to exactly what they should, to the last digit.",
  },
  {
    id: "what-we-see",
    topic: "privacy",
    title: "What we record while you read",
    body: "Which card, when, and for how long. Not your location, not your contacts, not what else is open. You can see every entry that was counted on the rewards page.",
  },
  {
    id: "counted-once",
    topic: "converge",
    title: "Counted once, even in a tunnel",
    body: "Lose the signal and keep reading. Your phone keeps what you earned and sends it later. If it sends the same thing three times, it is still counted exactly once.",
  },
  {
    id: "quantised",
    topic: "models",
    title: "Smaller numbers, same answers",
    body: "Models are trained with precise numbers and often served with coarse ones. Eight bits, sometimes four, are enough for most weights. The model shrinks to a quarter and runs faster.",
  },
  {
    id: "gpu-idle",
    topic: "compute",
    title: "Most graphics cards are asleep",
    body: "A gaming card works a few hours a day at best. The rest of the time it could be answering questions for somebody, and earning its owner money.",
  },
  {
    id: "merkle-tree",
    topic: "proofs",
    title: "A thousand balances in one number",
    body: "Pair up fingerprints and fingerprint the pairs, again and again, until one is left. That last number commits to every balance, and twenty short steps prove yours among a million.",
  },
  {
    id: "passkeys",
    topic: "privacy",
    title: "Why there is no password",
    body: "A passkey is a key in your device that answers only the real site. There is nothing to remember, nothing to type into a fake page, and nothing on our side worth stealing.",
  },
  {
    id: "cash-out-one-tap",
    topic: "converge",
    title: "Cashing out takes one tap",
    body: "When you want your money, tap once and confirm with your face or finger. It moves to an account that only you control. There is no fee to think about.",
  },
  {
    id: "context-window",
    topic: "models",
    title: "A model’s desk",
    body: "The context window is how much text a model can have on its desk at once. What does not fit is not forgotten: for the model, it was never there.",
  },
  {
    id: "heat",
    topic: "compute",
    title: "A data centre is a heater",
    body: "Nearly all the electricity a chip uses ends up as heat. One large accelerator gives off about 700 watts, as much as a small room heater running all day.",
  },
  {
    id: "commitment",
    topic: "proofs",
    title: "Sealing an answer in advance",
    body: "A commitment is a sealed envelope made of mathematics. You cannot see inside, and whoever sealed it cannot swap the contents later. Private models are pinned down this way.",
  },
  {
    id: "no-ads-profile",
    topic: "privacy",
    title: "Paid without a profile",
    body: "To pay you we need to know that somebody read, not who that somebody is. There is no interest profile here, and nothing about you is sold on.",
  },
  {
    id: "limits-are-kind",
    topic: "converge",
    title: "Why there is a daily limit",
    body: "A bot never sleeps. A limit for each person and day means a farm of machines earns no more than one reader would, so the budget lasts for people.",
  },
  {
    id: "training-vs-answering",
    topic: "models",
    title: "Learning is slow, answering is quick",
    body: "Training a large model takes thousands of chips for weeks. Using it takes one chip for a second. But it is used billions of times, so in the end the answering costs more.",
  },
  {
    id: "latency",
    topic: "compute",
    title: "Light is slower than you think",
    body: "In glass fibre a signal covers about 200 kilometres in a millisecond. A computer on the other side of an ocean is always some 80 milliseconds away, there and back.",
  },
  {
    id: "verify-cheap",
    topic: "proofs",
    title: "Hard to make, easy to check",
    body: "Making a proof about a model may take a second or two of hard work. Checking it takes thousandths of a second, however large the model was. That gap is the whole point.",
  },
  {
    id: "local-first",
    topic: "privacy",
    title: "Your phone decides first",
    body: "Whether a card was on your screen is decided on your phone. We only ever see the result, signed by your device: this card, this long.",
  },
  {
    id: "receipts",
    topic: "converge",
    title: "Every number has a receipt",
    body: "Anywhere in Converge, an amount can tell you where it came from: the reading, the entry in the books, the settlement. A number without a receipt does not belong on the page.",
  },
  {
    id: "hallucination",
    topic: "models",
    title: "Why models make things up",
    body: "A model is trained to continue text plausibly, not to know when it is wrong. Ask for a source it has never seen and the most plausible continuation may be an invented one.",
  },
  {
    id: "batching",
    topic: "compute",
    title: "Sharing the ride",
    body: "Reading the weights once can serve many people at the same time. Good servers collect questions for a few milliseconds and answer dozens in one pass. That is why AI got cheap.",
  },
  {
    id: "agents-on-a-leash",
    topic: "converge",
    title: "Agents on a leash",
    body: "A software agent here can hold money, but only spend it as its owner allowed: to these places, up to this much a day. The rule is checked twice, by two systems that do not trust each other.",
  },
  {
    id: "random-numbers",
    topic: "proofs",
    title: "Randomness is a raw material",
    body: "Nearly every secret on the internet starts as random bits. Machines gather them from tiny physical jitter. With poor randomness the best lock in the world opens by itself.",
  },
  {
    id: "delete",
    topic: "privacy",
    title: "Signing out means signing out",
    body: "Ending a session here ends it on our side, at once, on every copy. A stolen cookie from yesterday opens nothing today.",
  },
  {
    id: "embedding",
    topic: "models",
    title: "Meaning as a place",
    body: "Models turn words into points in a space of hundreds of dimensions. Words with similar meanings end up close together. Search by meaning is looking for neighbours.",
  },
  {
    id: "double-entry",
    topic: "converge",
    title: "A 500-year-old safety check",
    body: "Double-entry bookkeeping writes every movement twice: where it came from and where it went. The two sides must always match. Our ledger refuses anything that does not.",
  },
  {
    id: "open-hardware-market",
    topic: "compute",
    title: "The same chip, five prices",
    body: "The hourly price of one and the same accelerator can differ several times over between providers. A market that measures the real speed lets the honest ones win.",
  },
  {
    id: "what-bots-look-like",
    topic: "proofs",
    title: "How to spot a machine",
    body: "People are gloriously uneven: they linger, skip and go back. A script keeps time like a metronome. Reading that is too regular or too fast is kept, but not paid.",
  },
];
