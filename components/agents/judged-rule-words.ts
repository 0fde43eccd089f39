import type { PolicyView } from "#core/schemas/agent-policy.ts";
import { shorten } from "../ui/identifier.tsx";
import { conditionWords } from "./condition-words.ts";

type Rule = PolicyView["rules"][number];

/** The functions people meet; any other is shown by its selector. */
const FUNCTIONS: Record<string, string> = {
  "0xa9059cbb": "Pay",
  "0x095ea7b3": "Approve",
  "0x1de26e16": "Deposit",
};

/** What a rule is about, in a word. */
export const ruleName = ({ selector }: Rule): string =>
  selector === "0x00000000" ? "Pay ether" : (FUNCTIONS[selector.toLowerCase()] ?? selector);

/** What a rule demands besides the counterparty that is said before it. */
export const demandsOf = ({ conditions, counterparty }: Rule): Rule["conditions"] =>
  conditions.filter(({ reading, word, comparison }) => {
    const isCounterparty = reading === "word" && word === 0 && comparison === "equal";
    return !isCounterparty || counterparty === null;
  });

/** A rule in a sentence: "Rule 2: Pay 0x1234…cdef". */
export function judgedRuleWords(number: number, rule: Rule | null): string {
  if (rule === null) return `Rule ${number}`;
  const demands = demandsOf(rule);
  return [
    `Rule ${number}: ${ruleName(rule)} ${rule.counterparty === null ? `on ${shorten(rule.target)}` : shorten(rule.counterparty)}`,
    ...(demands.length > 0 ? [`where ${demands.map(conditionWords).join(", and ")}`] : []),
  ].join(", ");
}
