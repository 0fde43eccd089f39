import type { AgentDetail } from "#core/schemas/agent.ts";

type Condition = AgentDetail["policy"]["rules"][number]["conditions"][number];

const PLACES: Record<Condition["reading"], (condition: Condition) => string> = {
  word: ({ word }) => `argument ${word + 1}`,
  element: ({ word, element }) => `item ${element + 1} of argument ${word + 1}`,
  last: ({ word }) => `the last item of argument ${word + 1}`,
  length: ({ word }) => `the length of argument ${word + 1}`,
  hash: ({ word }) => `the hash of argument ${word + 1}`,
  field: ({ word, element }) => `field ${element + 1} of argument ${word + 1}`,
};

/** An operand as short as it can be said: a number, or the hex of what looks like an address or a hash. */
function operandWord(operand: string): string {
  const value = BigInt(operand);
  if (value < 10n ** 15n) return value.toString();
  const hex = value < 2n ** 160n ? value.toString(16).padStart(40, "0") : value.toString(16).padStart(64, "0");
  return `0x${hex.slice(0, 6)}…${hex.slice(-4)}`;
}

/** What a condition demands, in a few words. */
export function conditionWords(condition: Condition): string {
  const place = PLACES[condition.reading](condition);
  const operands = condition.operands.map(operandWord);
  switch (condition.comparison) {
    case "equal":
      return `${place} is ${operands[0]}`;
    case "at-most":
      return `${place} is at most ${operands[0]}`;
    case "at-least":
      return `${place} is at least ${operands[0]}`;
    case "one-of":
      return `${place} is one of ${operands.join(", ")}`;
    case "none-of":
      return `${place} is none of ${operands.join(", ")}`;
    case "masked":
      return `${place}, masked by ${operands[0]}, is ${operands[1]}`;
  }
}
