import type { Hex } from "viem";
import { keccak256, size, slice } from "viem/utils";
import type { PolicyCondition, PolicyRule } from "./policy.ts";
import { wordAt } from "./token-spending.ts";

/** No call data is longer, so an offset or a length beyond it points nowhere. */
const PLACE_MAX = 2n ** 32n - 1n;

function wordFrom(data: Hex, offset: number): bigint | null {
  return size(data) >= offset + 32 ? BigInt(slice(data, offset, offset + 32)) : null;
}

/** What a condition looks at, or null when it is not there. */
export function readArgument(data: Hex, { reading, word, element }: PolicyCondition): bigint | null {
  const head = wordAt(data, word);
  if (head === null || reading === "word") return head;
  if (head > PLACE_MAX) return null;
  const start = 4 + Number(head);
  if (reading === "field") return wordFrom(data, start + 32 * element);
  const length = wordFrom(data, start);
  if (length === null || reading === "length") return length;
  if (length > PLACE_MAX) return null;
  if (reading === "hash") {
    const end = start + 32 + Number(length);
    if (size(data) < end) return null;
    return BigInt(keccak256(length === 0n ? "0x" : slice(data, start + 32, end)));
  }
  const place = reading === "last" ? Number(length) - 1 : element;
  if (place < 0 || place >= Number(length)) return null;
  return wordFrom(data, start + 32 + 32 * place);
}

function compare({ comparison, operands }: PolicyCondition, value: bigint): boolean {
  const numbers = operands.map((operand) => BigInt(operand));
  const [first = 0n, second = 0n] = numbers;
  switch (comparison) {
    case "equal":
      return value === first;
    case "at-most":
      return value <= first;
    case "at-least":
      return value >= first;
    case "masked":
      return (value & first) === second;
    case "one-of":
      return numbers.includes(value);
    case "none-of":
      return !numbers.includes(value);
  }
}

/**
 * Whether all conditions of a rule hold. One that cannot be read holds for a denial and for nothing else: what is malformed
 * never gets anybody more.
 */
export const holds = (rule: PolicyRule, data: Hex): boolean =>
  rule.conditions.every((condition) => {
    const value = readArgument(data, condition);
    return value === null ? rule.effect === "deny" : compare(condition, value);
  });
