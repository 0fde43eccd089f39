import { bytesToHex, concat, type Hex, hexToBytes, size, slice } from "viem";
import { toWord } from "#core/zk/inference-request.ts";
import { FIELD_ORDER } from "#core/zk/poseidon2.ts";
import type { Random } from "#models/event-scorer/random.ts";

export type Shown = { proof: Hex; publicInputs: readonly Hex[] };
export type Mutated = Shown & { kind: string };

/** The order of the field that the curve's coordinates are in. */
const COORDINATE_ORDER = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n;
const WORD_BYTES = 32;
const WORD_LIMIT = 2n ** 256n;

const wordsOf = (bytes: Hex): Hex[] =>
  Array.from({ length: size(bytes) / WORD_BYTES }, (_, i) => slice(bytes, i * WORD_BYTES, (i + 1) * WORD_BYTES));
const pick = <Item>(random: Random, items: readonly Item[]): Item => {
  const item = items[random.integer(0, items.length - 1)];
  if (item === undefined) throw new Error("There is nothing to pick from.");
  return item;
};
const randomWord = (random: Random): Hex =>
  bytesToHex(Uint8Array.from({ length: WORD_BYTES }, () => random.integer(0, 255)));

function flipBit(random: Random, bytes: Hex): Hex {
  const changed = hexToBytes(bytes);
  const at = random.integer(0, changed.length - 1);
  changed[at] = (changed[at] ?? 0) ^ (1 << random.integer(0, 7));
  return bytesToHex(changed);
}

/** The same number modulo an order, written larger; itself where there is no room. */
function lift(word: Hex, order: bigint, times: number): Hex {
  const lifted = BigInt(word) + order * BigInt(times);
  return lifted < WORD_LIMIT ? toWord(lifted) : word;
}

type OfWords = (random: Random, words: Hex[], other: Hex[]) => Hex[];

const at = (words: readonly Hex[], index: number): Hex => words[index] ?? toWord(0n);
const replaceOne = (random: Random, words: Hex[], change: (word: Hex) => Hex): Hex[] => {
  const index = random.integer(0, words.length - 1);
  return words.with(index, change(at(words, index)));
};
/** Two words that may be the coordinates of a point. */
const replacePair = (random: Random, words: Hex[], change: (x: Hex, y: Hex) => [Hex, Hex]): Hex[] => {
  const index = 2 * random.integer(0, words.length / 2 - 1);
  const [x, y] = change(at(words, index), at(words, index + 1));
  return words.with(index, x).with(index + 1, y);
};

/** Changes of a proof's words. Where points and where scalars are is left to chance: every word gets every change. */
const OF_WORDS: Readonly<Record<string, OfWords>> = {
  "word replaced": (random, words) => replaceOne(random, words, () => randomWord(random)),
  "word zeroed": (random, words) => replaceOne(random, words, () => toWord(0n)),
  "word set to the modulus": (random, words) =>
    replaceOne(random, words, () => toWord(pick(random, [FIELD_ORDER, COORDINATE_ORDER, WORD_LIMIT - 1n]))),
  "word off by one": (random, words) =>
    replaceOne(random, words, (word) => toWord((BigInt(word) + pick(random, [1n, WORD_LIMIT - 1n])) % WORD_LIMIT)),
  "scalar above the field": (random, words) =>
    replaceOne(random, words, (word) => lift(word, FIELD_ORDER, random.integer(1, 5))),
  "coordinate above the field": (random, words) =>
    replaceOne(random, words, (word) => lift(word, COORDINATE_ORDER, random.integer(1, 5))),
  "words swapped": (random, words) => {
    const [i, j] = [random.integer(0, words.length - 1), random.integer(0, words.length - 1)];
    return words.with(i, at(words, j)).with(j, at(words, i));
  },
  "neighbours swapped": (random, words) => replacePair(random, words, (x, y) => [y, x]),
  "point off the curve": (random, words) =>
    replacePair(random, words, () => [
      toWord(BigInt(randomWord(random)) % COORDINATE_ORDER),
      toWord(BigInt(randomWord(random)) % COORDINATE_ORDER),
    ]),
  "point negated": (random, words) =>
    replacePair(random, words, (x, y) => [
      x,
      toWord((2n * COORDINATE_ORDER - (BigInt(y) % COORDINATE_ORDER)) % COORDINATE_ORDER),
    ]),
  "point at infinity": (random, words) => replacePair(random, words, () => [toWord(0n), toWord(0n)]),
  "generator for a point": (random, words) => replacePair(random, words, () => [toWord(1n), toWord(2n)]),
  "point copied": (random, words) => {
    const from = 2 * random.integer(0, words.length / 2 - 1);
    return replacePair(random, words, () => [at(words, from), at(words, from + 1)]);
  },
  "word of another proof": (random, words, other) => {
    const index = random.integer(0, words.length - 1);
    return words.with(index, at(other, index));
  },
  "tail of another proof": (random, words, other) => {
    const from = random.integer(1, words.length - 1);
    return [...words.slice(0, from), ...other.slice(from)];
  },
};

type OfShown = (random: Random, shown: Shown, others: readonly Shown[]) => Shown;

const OF_SHOWN: Readonly<Record<string, OfShown>> = {
  "bit flipped": (random, shown) => ({ ...shown, proof: flipBit(random, shown.proof) }),
  "cut short": (random, shown) => ({
    ...shown,
    proof: slice(shown.proof, 0, pick(random, [1, WORD_BYTES, size(shown.proof) - 1, size(shown.proof) - WORD_BYTES])),
  }),
  empty: (_, shown) => ({ ...shown, proof: "0x" }),
  "made longer": (random, shown) => ({
    ...shown,
    proof: concat([shown.proof, pick<Hex>(random, ["0x00", toWord(0n), randomWord(random)])]),
  }),
  "public input flipped": (random, shown) => ({
    ...shown,
    publicInputs: replaceOne(random, [...shown.publicInputs], (word) => flipBit(random, word)),
  }),
  "public input above the field": (random, shown) => ({
    ...shown,
    publicInputs: replaceOne(random, [...shown.publicInputs], (word) => lift(word, FIELD_ORDER, random.integer(1, 4))),
  }),
  "public inputs swapped": (random, shown) => ({
    ...shown,
    publicInputs: OF_WORDS["words swapped"]?.(random, [...shown.publicInputs], []) ?? [],
  }),
  "public input missing": (_, shown) => ({ ...shown, publicInputs: shown.publicInputs.slice(1) }),
  "public input added": (random, shown) => ({ ...shown, publicInputs: [...shown.publicInputs, randomWord(random)] }),
  "inputs of another proof": (random, shown, others) => ({ ...shown, publicInputs: pick(random, others).publicInputs }),
};

/** Changes an honest proof in one way, or in two; the change may by chance be none. */
export function mutateProof(random: Random, honest: Shown, others: readonly Shown[]): Mutated {
  const first = mutateOnce(random, honest, others);
  if (random.uniform() < 0.8) return first;
  const second = mutateOnce(random, first, others);
  return { ...second, kind: `${first.kind}, ${second.kind}` };
}

function mutateOnce(random: Random, shown: Shown, others: readonly Shown[]): Mutated {
  const kind = pick(random, [...Object.keys(OF_WORDS), ...Object.keys(OF_SHOWN)]);
  const ofShown = OF_SHOWN[kind];
  if (ofShown) return { kind, ...ofShown(random, shown, others) };
  const words = wordsOf(shown.proof);
  // What an earlier change left without whole words has none to change.
  if (words.length < 2 || !Number.isInteger(words.length / 2)) return { kind, ...shown };
  const changed = OF_WORDS[kind]?.(random, words, wordsOf(pick(random, others).proof)) ?? words;
  return { kind, ...shown, proof: concat(changed) };
}
