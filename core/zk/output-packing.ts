const OUTPUT_BITS = 12n;
const OUTPUTS_PER_WORD = 20;
const SIGNED_OFFSET = 2048;

/** Outputs as circuits show them: 12 bits each, the first lowest, 20 in a word; signed ones with 2048 added. */
export function packOutputs(outputs: readonly number[], isSigned: boolean): bigint[] {
  const words = Array.from({ length: Math.ceil(outputs.length / OUTPUTS_PER_WORD) }, () => 0n);
  for (const [slot, output] of outputs.entries()) {
    const shown = isSigned ? output + SIGNED_OFFSET : output;
    if (!Number.isInteger(shown) || shown < 0 || shown >= 2 * SIGNED_OFFSET)
      throw new Error(`An output of ${output} has no 12 bits.`);
    const word = Math.floor(slot / OUTPUTS_PER_WORD);
    words[word] = (words[word] ?? 0n) | (BigInt(shown) << (OUTPUT_BITS * BigInt(slot % OUTPUTS_PER_WORD)));
  }
  return words;
}

/** One output out of the words. */
export function readOutput(words: readonly bigint[], slot: number, isSigned: boolean): number {
  const word = words[Math.floor(slot / OUTPUTS_PER_WORD)];
  if (word === undefined) throw new Error(`There is no output ${slot}.`);
  const shown = Number((word >> (OUTPUT_BITS * BigInt(slot % OUTPUTS_PER_WORD))) & 0xfffn);
  return isSigned ? shown - SIGNED_OFFSET : shown;
}
