import { offsetOf, perLimb } from "./commitment.ts";
import { ACTIVATION_BITS } from "./integer-network.ts";

const OUTPUTS_PER_WORD = perLimb(ACTIVATION_BITS);

/** One of the outputs that `packOutputs` packed, as the registry's `OutputPacking` reads it. */
export function readOutput(words: readonly bigint[], slot: number, isSigned: boolean): number {
  const word = words[Math.floor(slot / OUTPUTS_PER_WORD)];
  if (word === undefined) throw new Error(`There is no output ${slot}.`);
  const shown = BigInt.asUintN(ACTIVATION_BITS, word >> BigInt(ACTIVATION_BITS * (slot % OUTPUTS_PER_WORD)));
  return Number(shown - offsetOf({ isSigned }));
}
