import { postingWord } from "../money/posting-words.ts";

/** Kinds of postings that people see in their statements, by the word they know. */
export const KIND_WORDS: Record<string, string> = Object.fromEntries(
  [
    "deposit",
    "withdrawal",
    "inference",
    "inference-fee",
    "payment",
    "reward",
    "cash_out",
    "campaign_funding",
    "adjustment",
  ].map((kind) => [kind, postingWord(kind)]),
);
export const FLOW_WORDS: Record<string, string> = { in: "Came in", out: "Went out" };
export const COUNTERPARTY_WORDS: Record<string, string> = {
  user: "People",
  agent: "Agents",
  campaign: "Campaigns",
  platform: "The platform",
};
