import { TINY_PIECES } from "./generated/tiny-vocabulary.ts";

/**
 * The tokenizer of converge/tiny-1: SentencePiece's greedy merge, as llama.cpp runs it on the model's GGUF.
 *
 * No piece joins letters with anything but one space before them, so a text falls into units that are counted one
 * by one; a stream is counted again only from its last unit on.
 */
const RANKS: ReadonlyMap<string, number> = new Map(TINY_PIECES.split("|").map((piece, rank) => [piece, rank]));

const UNIT = / ?[A-Za-z]+| |[^A-Za-z ]/gu;
const utf8 = new TextEncoder();

/** How many tokens one unit is: merge the best-ranked neighbours until none is left; what is unknown goes by bytes. */
function countUnit(unit: string): number {
  let symbols = [...unit];
  for (;;) {
    let best = Number.POSITIVE_INFINITY;
    let at = -1;
    for (let i = 0; i + 1 < symbols.length; i++) {
      const rank = RANKS.get(`${symbols[i]}${symbols[i + 1]}`);
      if (rank !== undefined && rank < best) {
        best = rank;
        at = i;
      }
    }
    if (at < 0) break;
    symbols = [...symbols.slice(0, at), `${symbols[at]}${symbols[at + 1]}`, ...symbols.slice(at + 2)];
  }
  let count = 0;
  for (const symbol of symbols) count += symbol === " " || RANKS.has(symbol) ? 1 : utf8.encode(symbol).length;
  return count;
}

const known = new Map<string, number>();
const KNOWN_MAX = 20_000;

function countUnitOnce(unit: string): number {
  const cached = known.get(unit);
  if (cached !== undefined) return cached;
  // A run of letters without end would make the merge loop quadratic; past this length pieces are cut first.
  let count = 0;
  for (let start = 0; start < unit.length; start += 200) count += countUnit(unit.slice(start, start + 200));
  if (known.size < KNOWN_MAX && unit.length <= 40) known.set(unit, count);
  return count;
}

/** The tokens of a text. */
export function countTinyTokens(text: string): number {
  let count = 0;
  for (const [unit] of text.matchAll(UNIT)) count += countUnitOnce(unit);
  return count;
}

/** Where the last unit of a text begins: everything before it can no longer change its count. */
export function lastTinyUnit(text: string): number {
  return /(?: ?[A-Za-z]+| |[^A-Za-z ])$/u.exec(text)?.index ?? text.length;
}
