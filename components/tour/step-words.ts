import { CASH_OUT, dollars, FUNDING, OVER_THE_CAP, PER_TRANSACTION_CAP } from "#core/journey/amounts.ts";

export type StepWords = {
  /** What the visitor sees happen, without a word of how. */
  words: string;
  /** What a failure of this step means for the money. */
  safety: string;
};

export const STEP_WORDS: Record<string, StepWords> = {
  "sign-in": {
    words:
      "Your device makes a passkey: a face, a finger or a PIN, and no password to lose. Whatever you earn and own from here on answers to that passkey alone.",
    safety: "No money has moved yet.",
  },
  earn: {
    words:
      "Attention is paid for as it is given. To save you an hour, the page reads 400 cards for you at a person's pace; on the feed you do it yourself.",
    safety: "What was credited before this stays yours, and nothing is credited twice.",
  },
  balance: {
    words: "What you earned is there at once, and it is yours to spend. Nobody has to release it first.",
    safety: "The balance itself is untouched; only the look at it failed.",
  },
  spend: {
    words:
      "You ask a language model “What is Converge?” on somebody else's machine. The answer arrives word by word, and you pay for what arrived.",
    safety: "You pay only for what arrived; what was set aside for the rest is released.",
  },
  "create-agent": {
    words:
      "You make an agent that may spend for you, inside limits you choose: so much a payment, so much an hour, only to whom you say. Your passkey approves it once.",
    safety: "No money moves in this step. An agent that was not approved can do nothing.",
  },
  "fund-agent": {
    words: `You give the agent ${dollars(FUNDING)} of what you earned. It keeps that in an account of its own, under the limits you set.`,
    safety: "The amount is either with the agent or back in your balance, never in both. Trying again pays it once.",
  },
  "agent-pays": {
    words:
      "Nobody presses anything now: the agent tops up its own balance, asks the model “What is an agent wallet?” and pays for the answer.",
    safety: "The agent can lose no more than its limits. Your own balance is not touched by this step.",
  },
  "signer-refuses": {
    words: `The agent tries to pay ${dollars(OVER_THE_CAP)} at once. You allowed ${dollars(PER_TRANSACTION_CAP)}. It gets a no, and the reason for it.`,
    safety: "Nothing was paid.",
  },
  "contract-refuses": {
    words:
      "Suppose somebody stole the agent's key and asked directly. The account knows your limits itself, and says no as well.",
    safety: "Nothing was paid: this step only asks what would happen.",
  },
  prove: {
    words:
      "A model nobody may look into scores whether a minute of reading looks human. It hands out its answer with a proof that anyone can check, and keeps its inside to itself.",
    safety: "A proof that fails costs nothing and opens nothing.",
  },
  gated: {
    words:
      "One payment of the agent is locked until that model has said yes. Without the proof it stays shut, with it it opens, and the same proof does not open it again.",
    safety: "Either the payment went through once, or it did not happen.",
  },
  settle: {
    words: `You ask for ${dollars(CASH_OUT)} of your earnings to be paid out. It is collected with everybody else's and settled together.`,
    safety: "The amount is set aside for you. Trying again goes on with the same request and does not ask twice.",
  },
  claim: {
    words: `One touch, and the ${dollars(CASH_OUT)} is in an account that only your passkey opens. You paid no fee for it.`,
    safety: "What is due stays due: nobody else can collect it, and it can be collected once.",
  },
};
