import { type Hex, zeroHash } from "viem";
import { type Guards, guardsToJson, hashGuards } from "./guards.ts";
import { type AgentPolicy, COMPARISONS, type PolicyCap, type PolicyRule, READINGS } from "./policy.ts";

/** One line of what would change: what was there, and what would be. Null where there is nothing. */
export type PolicyChange = {
  what: "cap" | "rule" | "window" | "gas" | "start" | "end" | "guards";
  before: string | null;
  after: string | null;
};

const isoOf = (seconds: number): string => new Date(Math.min(seconds, 8_640_000_000_000) * 1000).toISOString();

const capText = ({ token, perTransaction, perWindow }: PolicyCap): string =>
  `${token}: ${perTransaction} a transaction, ${perWindow} in a window`;

/** A rule in one line, the same for the same rule. */
export function ruleText({ effect, target, selector, valueMax, conditions, proof }: PolicyRule): string {
  const demands = conditions.map(({ reading, word, element, comparison, operands }) => {
    const place = reading === "element" || reading === "field" ? `${word}.${element}` : `${word}`;
    return `${reading} ${place} ${comparison} ${operands.join(" ")}`;
  });
  return [
    `${effect} ${selector} on ${target}`,
    ...(demands.length > 0 ? [`where ${demands.join(" and ")}`] : []),
    ...(valueMax > 0n ? [`with up to ${valueMax} wei`] : []),
    ...(proof
      ? [`with a proof of ${proof.modelId} at least ${proof.outputMin}, at most ${proof.maxAgeSeconds} s old`]
      : []),
  ].join(" ");
}

const guardsText = ({ guards }: AgentPolicy): string | null => guards && JSON.stringify(guardsToJson(guards));

/** What differs between two policies, line by line. The order of rules that stay counts only where it decides. */
export function diffPolicy(before: AgentPolicy, after: AgentPolicy): PolicyChange[] {
  const changes: PolicyChange[] = [];
  const add = (what: PolicyChange["what"], from: string | null, to: string | null) => {
    if (from !== to) changes.push({ what, before: from, after: to });
  };
  add("start", isoOf(before.validAfter), isoOf(after.validAfter));
  add("end", isoOf(before.validUntil), isoOf(after.validUntil));
  add("window", `${before.windowSeconds} s`, `${after.windowSeconds} s`);
  add("gas", `${before.gasPerWindow} wei`, `${after.gasPerWindow} wei`);
  add("guards", guardsText(before), guardsText(after));
  const tokens = new Set([...before.caps, ...after.caps].map(({ token }) => token));
  for (const token of tokens) {
    const [from, to] = [before, after].map(({ caps }) => caps.find((cap) => cap.token === token));
    add("cap", from ? capText(from) : null, to ? capText(to) : null);
  }
  const [had, has] = [before.rules.map(ruleText), after.rules.map(ruleText)];
  for (const text of had) if (!has.includes(text)) add("rule", text, null);
  for (const text of has) if (!had.includes(text)) add("rule", null, text);
  const kept = (texts: readonly string[], others: readonly string[]) => texts.filter((text) => others.includes(text));
  if (kept(had, has).join("\n") !== kept(has, had).join("\n"))
    add("rule", `order: ${kept(had, has).join("; ")}`, `order: ${kept(has, had).join("; ")}`);
  return changes;
}

/** A policy as the account's contract gives it back. */
type ContractPolicy = {
  validAfter: number;
  validUntil: number;
  windowSeconds: number;
  gasPerWindow: bigint;
  guards: Hex;
  caps: readonly PolicyCap[];
  rules: readonly {
    denies: boolean;
    target: PolicyRule["target"];
    selector: PolicyRule["selector"];
    valueMax: bigint;
    conditions: readonly {
      reading: number;
      word: number;
      element: number;
      comparison: number;
      operands: readonly PolicyRule["conditions"][number]["operands"][number][];
    }[];
    proofModelId: PolicyRule["selector"];
    proofMinOutput: bigint;
    proofMaxAge: number;
  }[];
};

/** The policy, with those of the given guards whose hash the contract has; null when none of them is it. */
export function fromContractPolicy(
  { caps, rules, guards: guardsHash, ...policy }: ContractPolicy,
  known: readonly Guards[],
): AgentPolicy | null {
  const guards = known.find((one) => hashGuards(one) === guardsHash) ?? null;
  if (guards === null && guardsHash !== zeroHash) return null;
  return {
    ...policy,
    guards,
    caps: caps.map(({ token, perTransaction, perWindow }) => ({ token, perTransaction, perWindow })),
    rules: rules.map(({ denies, target, selector, valueMax, conditions, ...proof }) => ({
      effect: denies ? "deny" : "allow",
      target,
      selector,
      valueMax,
      conditions: conditions.map(({ reading, word, element, comparison, operands }) => ({
        reading: READINGS[reading] ?? "word",
        word,
        element,
        comparison: COMPARISONS[comparison] ?? "equal",
        operands: [...operands],
      })),
      proof:
        proof.proofMaxAge === 0
          ? null
          : { modelId: proof.proofModelId, outputMin: proof.proofMinOutput, maxAgeSeconds: proof.proofMaxAge },
    })),
  };
}
