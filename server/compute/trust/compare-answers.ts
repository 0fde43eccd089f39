import type { TokenLogprob } from "#core/question.ts";

/**
 * Two greedy answers of one model may part where two tokens are almost equally likely: other hardware rounds otherwise.
 * A gap of so many nats or less between them is such a place; a wider one is another model.
 */
export const NEAR_TIE_NATS = 0.5;
/** Where no probabilities are known, answers that agree for so much of their length, in hundredths, may be one model's. */
const ALIKE_HUNDREDTHS = 60;

/** "same" to the last character, parted at a near tie, or of another model. `at` is where they part, in UTF-16 units. */
export type Likeness = { verdict: "same" | "near" | "different"; at: number };

/** Holds an answer against a reference's, whose tokens may be known with their likely alternatives. */
export function compareAnswers(reference: { text: string; tokens: readonly TokenLogprob[] }, answer: string): Likeness {
  const shorter = Math.min(reference.text.length, answer.length);
  let at = 0;
  while (at < shorter && reference.text.charCodeAt(at) === answer.charCodeAt(at)) at += 1;
  if (at === reference.text.length && at === answer.length) return { verdict: "same", at };
  const longer = Math.max(reference.text.length, answer.length);
  // One that merely goes on where the other ended has no token to be held against.
  if (at === shorter || reference.tokens.length === 0)
    return { verdict: at * 100 >= longer * ALIKE_HUNDREDTHS ? "near" : "different", at };
  return { verdict: isNearTie(reference.tokens, answer, at) ? "near" : "different", at };
}

/** Whether the reference thought what the answer says at `at` almost as likely as its own choice. */
function isNearTie(tokens: readonly TokenLogprob[], answer: string, at: number): boolean {
  let start = 0;
  for (const token of tokens) {
    const end = start + token.token.length;
    if (end <= at) {
      start = end;
      continue;
    }
    const rest = answer.slice(start);
    return token.top.some(
      (other) =>
        other.token !== "" &&
        other.token !== token.token &&
        rest.startsWith(other.token) &&
        token.logprob - other.logprob <= NEAR_TIE_NATS,
    );
  }
  return false;
}
