import { createHmac, randomInt } from "node:crypto";
import { env } from "#server/env.ts";

/**
 * Names that nobody else would write, and that any process of the platform recognises without looking anything up: the
 * second word is a keyed hash of the first. Where one comes back as somebody's order, the node it was told to passes
 * its work on.
 */
const CONSONANTS = "bdfgklmnprstvzhj";
const VOWELS = "aeio";
const SYLLABLES = 5;
const WORD = new RegExp(`\\b(?:[${CONSONANTS}][${VOWELS}]){${SYLLABLES}}\\b`, "gi");
/** Two words of one name are this close to each other, whatever was put between them. */
const GAP_CHARACTERS_MAX = 24;

/** Sixty-four syllables: six bits each. */
const syllable = (bits: number): string => CONSONANTS.charAt(bits >> 2) + VOWELS.charAt(bits & 3);

const wordOf = (bits: (index: number) => number): string =>
  Array.from({ length: SYLLABLES }, (_, index) => syllable(bits(index) & 63)).join("");

/** Two to the power of minus thirty of all pairs of such words fit by chance. */
function tagOf(word: string): string {
  const digest = createHmac("sha256", `converge-node-mark-v1:${env.AUTH_SECRET ?? ""}`)
    .update(word)
    .digest();
  return wordOf((index) => digest[index] ?? 0);
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** A new name, and the word of it that is written down. */
export function newMark(): { mark: string; name: string } {
  const mark = wordOf(() => randomInt(64));
  return { mark, name: `${capital(mark)} ${capital(tagOf(mark))}` };
}

/** The marks in a text. */
export function findMarks(text: string): string[] {
  const words = [...text.matchAll(WORD)].map((match) => ({ word: match[0].toLowerCase(), at: match.index }));
  const marks: string[] = [];
  for (const [index, { word, at }] of words.entries()) {
    const next = words[index + 1];
    if (next && next.at - at <= word.length + GAP_CHARACTERS_MAX && next.word === tagOf(word)) marks.push(word);
  }
  return marks;
}
