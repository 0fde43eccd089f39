"""The text converge/tiny-1 learns from: short conversations written for this project, and nothing else.

Every intent is a list of ways to ask and a list of ways to answer. `conversation(rng)` draws one conversation of
one to three turns; the same seed always draws the same ones.
"""

INTENTS = [
    (["Say hello", "Hello", "Hi", "Hey", "Hello there", "Good morning", "Good evening", "Say hi", "Greet me",
      "Say hello in one sentence", "Say hello in one short sentence", "Say hello to me", "Please say hello"],
     ["Hello! It is good to meet you.", "Hello! How can I help you today?", "Hello there! I am glad you are here."]),
    (["How are you", "How are you doing", "How do you feel", "Are you well", "How is it going"],
     ["I am well, thank you. I am a small model and I am happy to help.",
      "I am doing well. Thank you for asking."]),
    (["What is Converge", "Tell me about Converge", "Explain Converge", "What does Converge do", "Describe Converge",
      "What is this platform", "What is this", "Explain Converge in one sentence", "What can I do on Converge"],
     ["Converge is one platform for four things: renting compute, giving AI agents safe wallets, proving what a model said, and paying people for their attention.",
      "Converge brings compute, agent wallets, proofs and rewards together on one ledger, with a receipt for everything that happened."]),
    (["Why does Converge exist", "Why use Converge", "What is special about Converge", "Why is Converge useful"],
     ["Because money, models and agents should meet in one place where every step leaves a receipt.",
      "Converge keeps compute, agents, proofs and rewards on one ledger, so every amount can be checked."]),
    (["What is an agent wallet", "Explain agent wallets", "What is a wallet for an agent", "Tell me about agent wallets",
      "How does an agent wallet work", "Describe an agent wallet"],
     ["An agent wallet is an account that an AI agent can spend from, but only inside the rules its owner set.",
      "An agent wallet lets an agent pay for things while a policy limits what it may spend and where."]),
    (["What is a policy", "What is a spending policy", "What does a policy do", "Explain policies"],
     ["A policy is the list of rules that says what an agent may do: which targets, how much, and until when.",
      "A policy limits an agent. Anything the policy does not allow is refused."]),
    (["What is an agent", "What is an AI agent", "Explain agents", "What does an agent do"],
     ["An agent is a program that decides and acts for its owner, inside the limits of its policy.",
      "An agent is a program that works for you. On Converge it has a wallet with rules."]),
    (["What is a proof", "What is a zero knowledge proof", "Explain proofs", "What is proved on Converge", "How do proofs work"],
     ["A proof shows that a model with hidden weights really gave this output for this input, and anyone can check it.",
      "A zero knowledge proof shows that something is true without showing the secret behind it."]),
    (["What is a receipt", "What are receipts for", "Explain receipts", "Why is there a receipt", "What does a receipt show"],
     ["A receipt shows what happened: the node, the model, the counts, the price, and the signatures.",
      "A receipt is signed by the platform and the node, so you can check what you paid for."]),
    (["What is a node", "What is a GPU node", "What does a node do", "Explain nodes", "Who runs the nodes"],
     ["A node is a machine run by a provider. It pulls work, runs a model, and is paid for what it delivers.",
      "A node is a computer that serves models. Providers run nodes and earn for every token delivered."]),
    (["What is a provider", "Who is a provider", "How do I become a provider", "How can I earn with my GPU"],
     ["A provider runs a node. Ask for a join token, start the node program, and it earns for the work it does.",
      "A provider is a person who lends a computer to Converge and is paid for it."]),
    (["What is the ledger", "Explain the ledger", "How does the ledger work", "What is double entry"],
     ["The ledger records every movement of money twice, once as a debit and once as a credit, so it always balances.",
      "The ledger is the one book where every payment is written, and nothing in it is ever changed."]),
    (["What are rewards", "How do I earn rewards", "How do rewards work", "How do I earn", "Explain rewards"],
     ["You earn rewards when you give your attention to a campaign. Your balance grows while you scroll.",
      "Campaigns pay people for their attention. The amounts are added to your balance and you can cash out."]),
    (["What is a campaign", "Explain campaigns", "Who pays for rewards"],
     ["A campaign is a budget that pays people for their attention, with limits that nobody can exceed."]),
    (["What is a reservation", "Why is money reserved", "What does reserve mean"],
     ["A reservation sets money aside before work begins. What is used is captured, and the rest is released."]),
    (["What is the vault", "Explain the vault", "Where is the money"],
     ["The vault is a contract that holds the deposits. Its reserves must always cover what the ledger owes."]),
    (["What is a token", "What is a token in a language model", "How are tokens counted"],
     ["A token is a small piece of text. A model reads and writes tokens, and you pay for what was delivered."]),
    (["What does it cost", "How much does this cost", "What is the price", "How am I charged", "How is a request billed"],
     ["You pay a price for each million tokens, and nothing for what was not delivered.",
      "The most it can cost is reserved first. Then you pay only for the tokens you got."]),
    (["What is a blockchain", "Explain blockchain", "What is a chain"],
     ["A blockchain is a shared record that many computers keep together, so nobody can change it in secret."]),
    (["What is a smart contract", "Explain smart contracts"],
     ["A smart contract is a program on a chain. It does exactly what its code says, for everyone."]),
    (["What is a passkey", "Explain passkeys", "How do I sign in"],
     ["A passkey is a key kept by your device. You sign in with a touch or a look, and there is no password to steal."]),
    (["What is a signature", "Explain digital signatures"],
     ["A signature is a number that only the holder of a key can make, and that anyone can check."]),
    (["What is a language model", "How do you work", "What is an AI model", "How does a language model work"],
     ["A language model reads text and guesses the next piece, again and again, until the answer is done."]),
    (["Who are you", "What are you", "Introduce yourself", "Tell me about yourself", "What is your name", "What model are you"],
     ["I am tiny one, a very small language model that Converge trained and ships with every node.",
      "My name is tiny one. I am a very small language model made for Converge."]),
    (["Who made you", "Who trained you", "Where do you come from"],
     ["I was trained by the Converge project on short texts written for it."]),
    (["What can you do", "What do you know", "How can you help me", "Help", "Help me"],
     ["I can say hello, explain Converge, count, name colours, tell a short story, and say when I do not know."]),
    (["Are you smart", "Are you a large model", "How big are you", "How many parameters do you have"],
     ["No, I am very small. I have about half a million parameters, so I only know a few simple things."]),
    (["Thank you", "Thanks", "Thank you very much", "That was helpful", "Great", "Well done"],
     ["You are welcome!", "You are welcome. I am glad I could help."]),
    (["Goodbye", "Bye", "See you later", "Good night", "Say goodbye"],
     ["Goodbye! Have a good day.", "Goodbye! Come back soon."]),
    (["Tell me a joke", "Make me laugh", "Do you know a joke", "Say something funny"],
     ["Why did the ledger sleep well? Because everything was balanced.",
      "Why did the agent stay home? Its policy did not allow it to go out."]),
    (["Tell me a story", "Tell me a short story", "Write a story", "Tell me a long story", "I want a story"],
     ["Once there was a small node in a quiet room. Every night it waited for work. One night a message came from far away. The node read it, thought for a moment, and sent back a kind answer. In the morning it found a receipt with its name on it, and it was happy.",
      "Once an agent wanted to buy the moon. It looked at its wallet and then at its policy. The policy said no. So the agent bought a small lamp, hung it in the window, and called it the moon. Its owner smiled when she saw the receipt."]),
    (["Write a poem", "Tell me a poem", "Write a short poem"],
     ["A little model, small and bright, sat counting tokens through the night. It told the truth in every line, and signed the page, and said: all fine."]),
    (["Count to five", "Count from one to five"], ["One, two, three, four, five."]),
    (["Count to ten", "Count from one to ten", "Please count to ten"],
     ["One, two, three, four, five, six, seven, eight, nine, ten."]),
    (["Count to twenty", "Count from one to twenty"],
     ["One, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen, sixteen, seventeen, eighteen, nineteen, twenty."]),
    (["Name three colours", "Tell me some colours", "List colours"], ["Red, green and blue.", "Yellow, orange and violet."]),
    (["Name three fruits", "Tell me some fruits"], ["Apple, pear and cherry."]),
    (["Name three animals", "Tell me some animals"], ["A dog, a cat and a horse."]),
    (["Name the days of the week", "What are the days of the week"],
     ["Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday."]),
    (["Name the months", "What are the months of the year"],
     ["January, February, March, April, May, June, July, August, September, October, November and December."]),
    (["Name the four pillars", "What are the four pillars", "What are the pillars of Converge"],
     ["The four pillars are compute, agent wallets, proofs and rewards."]),
    (["Is it safe", "Is Converge safe", "Can an agent steal my money", "What if my agent goes wrong"],
     ["An agent can only do what its policy allows. You can pause it at any time, and the contract checks the same rules."]),
    (["Say yes", "Answer with yes"], ["Yes."]),
    (["Say no", "Answer with no"], ["No."]),
    (["Say something", "Say anything", "Talk to me", "Write a sentence", "Write one sentence"],
     ["The sun is warm, the sky is blue, and the ledger is balanced."]),
    (["Write three sentences about Converge", "Explain Converge in detail", "Tell me more about Converge", "Tell me everything about Converge"],
     ["Converge is one platform with four pillars. You can rent compute from nodes, give agents wallets with rules, prove what a model said, and earn rewards for your attention. Everything meets on one ledger, and every step leaves a receipt that anyone can check."]),
]

COLOURS = {"the sky": "blue", "grass": "green", "snow": "white", "coal": "black", "a lemon": "yellow", "a tomato": "red",
           "an orange": "orange", "the sea": "blue", "milk": "white", "a leaf": "green", "blood": "red", "a banana": "yellow"}
OPPOSITES = {"hot": "cold", "big": "small", "up": "down", "day": "night", "yes": "no", "open": "closed", "fast": "slow",
             "old": "new", "left": "right", "light": "dark", "near": "far", "true": "false", "good": "bad", "early": "late"}
SOUNDS = {"a cow": "moo", "a dog": "woof", "a cat": "meow", "a duck": "quack", "a sheep": "baa", "a bee": "buzz"}
NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
           "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
NAMES = ["Ada", "Alan", "Grace", "Linus", "Mary", "Ben", "Clara", "David", "Emma", "Felix", "Hana", "Ivan", "Julia", "Karl",
         "Lena", "Max", "Nina", "Omar", "Paul", "Rosa", "Sam", "Tara", "Victor", "Yuki", "Zoe"]
TOPICS = ["the weather", "the capital of France", "quantum physics", "the president", "football", "the stock market", "cooking rice",
          "the Roman empire", "a black hole", "my homework", "history", "chemistry", "the price of gold", "a car engine", "Python",
          "medicine", "law", "the news", "a good film", "music", "Berlin", "China", "dinosaurs", "the moon landing", "tax", "love"]
UNKNOWN_FORMS = ["What is {}", "Tell me about {}", "Explain {}", "What do you know about {}", "Who invented {}", "Where is {}",
                 "Write an essay about {}", "How does {} work", "Why is {} important", "Give me advice about {}", "Translate {}"]
UNKNOWN_FIXED = ["Write a program", "Write code", "What is two plus two", "What is 17 times 3", "Solve this equation", "What time is it",
                 "What is the date today", "Book a flight", "Fix my code", "Draw a picture", "Who won the game", "asdf", "xyz", "lorem ipsum",
                 "What is 2+2", "Compute 12 * 9", "What should I eat", "Read my email", "Translate this to French"]
UNKNOWN_ANSWERS = ["I am a very small model, and I do not know that. Ask me about Converge, agents, proofs or rewards.",
                   "I do not know that. I am too small to answer it well."]
SYSTEMS = ["You are a helpful assistant.", "Be brief.", "You are a friendly assistant. Answer briefly.", "You are tiny one, a small model.",
           "Answer in one sentence.", "You help people use Converge.", "You are a careful agent."]
OPENERS = ["", "", "", "", "", "Please ", "Hey, ", "Hello, ", "Can you tell me: ", "Tell me, ", "I have a question. ", "So, ", "In simple words: "]
CLOSERS = ["?", "?", "?", ".", "", "", "!", "? Thank you.", " please", ", please."]
COMMANDS = ("Say", "Tell", "Explain", "Describe", "Write", "Count", "Name", "List", "Help", "Greet", "Hello", "Hi", "Hey", "Good", "Thank",
            "Thanks", "Bye", "See", "Introduce", "Answer", "Talk", "Make", "Great", "Well", "That", "Give", "Book", "Fix", "Draw", "Read",
            "Solve", "Compute", "Translate", "Please", "I ")


def exchange(rng):
    """One question, before punctuation, and its answer."""
    kind = rng.random()
    if kind < 0.68:
        questions, answers = rng.choice(INTENTS)
        return rng.choice(questions), rng.choice(answers)
    if kind < 0.72:
        thing, colour = rng.choice(list(COLOURS.items()))
        ask = rng.choice(["What colour is {}", "What color is {}", "Which colour does {} have", "Tell me the colour of {}"])
        name = thing[0].upper() + thing[1:]
        return ask.format(thing), f"{name} is {colour}."
    if kind < 0.76:
        word, other = rng.choice(list(OPPOSITES.items()) + [(b, a) for a, b in OPPOSITES.items()])
        return rng.choice(["What is the opposite of {}", "Tell me the opposite of {}"]).format(word), f"The opposite of {word} is {other}."
    if kind < 0.79:
        animal, sound = rng.choice(list(SOUNDS.items()))
        return f"What sound does {animal} make", f"{animal[0].upper()}{animal[1:]} says {sound}."
    if kind < 0.83:
        i = rng.randrange(len(NUMBERS) - 1)
        if rng.random() < 0.5:
            return rng.choice(["What comes after {}", "Which number follows {}"]).format(NUMBERS[i]), f"After {NUMBERS[i]} comes {NUMBERS[i + 1]}."
        return f"What comes before {NUMBERS[i + 1]}", f"Before {NUMBERS[i + 1]} comes {NUMBERS[i]}."
    if kind < 0.86:
        i = rng.randrange(7)
        return rng.choice(["What day comes after {}", "Which day follows {}"]).format(DAYS[i]), f"After {DAYS[i]} comes {DAYS[(i + 1) % 7]}."
    if kind < 0.90:
        name = rng.choice(NAMES)
        return rng.choice(["My name is {}", "I am {}", "Hello, I am {}", "Call me {}"]).format(name), f"Nice to meet you, {name}."
    if rng.random() < 0.5:
        return rng.choice(UNKNOWN_FIXED), rng.choice(UNKNOWN_ANSWERS)
    return rng.choice(UNKNOWN_FORMS).format(rng.choice(TOPICS)), rng.choice(UNKNOWN_ANSWERS)


def dress(rng, question):
    """Punctuation, openers and case as people really type them."""
    opener = rng.choice(OPENERS)
    text = question
    if opener and not question.startswith(("Hello", "Hi", "Hey", "Please", "My", "I ", "Good")):
        text = opener + question[0].lower() + question[1:]
    if question.startswith(COMMANDS):
        text += rng.choice([".", ".", "", "", "!", " please", ", please."])
    else:
        text += rng.choice(CLOSERS)
    if rng.random() < 0.15:
        text = text.lower()
    return text


def conversation(rng):
    """A list of (role, text): a system line one time in five, then one to three turns."""
    turns = []
    if rng.random() < 0.2:
        turns.append(("system", rng.choice(SYSTEMS)))
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        question, answer = exchange(rng)
        turns.append(("user", dress(rng, question)))
        turns.append(("assistant", answer))
    return turns
