import type { RuleInput } from "#core/schemas/agent-policy.ts";
import { shorten } from "../ui/identifier.tsx";

type FunctionRule = Extract<RuleInput, { kind: "function" }>;
type Demand = NonNullable<FunctionRule["where"]>[number];

const valueWord = (value: string | boolean): string => {
  if (value === "self") return "its own account";
  return typeof value === "string" && value.length > 20 ? shorten(value) : String(value);
};

/** "amount is at most 5": what a rule demands of one argument. */
function demandWords({ argument, is, atMost, atLeast, oneOf, noneOf }: Demand): string {
  if (is !== undefined) return `${argument} is ${valueWord(is)}`;
  if (atMost !== undefined) return `${argument} is at most ${atMost}`;
  if (atLeast !== undefined) return `${argument} is at least ${atLeast}`;
  if (oneOf) return `${argument} is one of ${oneOf.map(valueWord).join(", ")}`;
  return `${argument} is none of ${(noneOf ?? []).map(valueWord).join(", ")}`;
}

export const proofWords = ({ proof }: { proof?: { outputMin: string } | undefined }): string =>
  proof ? ` only with a fresh proof whose output is at least ${proof.outputMin}` : "";

function functionWords(rule: FunctionRule): string {
  const { effect = "allow", target, function: text, where = [], valueMax = "0" } = rule;
  const name = text.replace(/^function\s+/, "").split("(")[0];
  const demands = where.length > 0 ? ` where ${where.map(demandWords).join(" and ")}` : "";
  const ether = valueMax === "0" ? "" : `, with at most ${valueMax} wei`;
  return `It may ${effect === "deny" ? "never " : ""}call ${name} of ${shorten(target)}${ether}${demands}${proofWords(rule)}.`;
}

/** A rule about more than dollars, as a sentence. */
export function ruleWords(rule: Exclude<RuleInput, { kind: "deposit" | "pay" }>): string {
  switch (rule.kind) {
    case "ether":
      return `It may send ${shorten(rule.recipient)} at most ${rule.valueMax} wei a call.`;
    case "call":
      return `It may call ${rule.selector} of ${shorten(rule.target)}${rule.counterparty ? ` with ${shorten(rule.counterparty)} as its first argument` : ""}${proofWords(rule)}.`;
    case "function":
      return functionWords(rule);
  }
}
