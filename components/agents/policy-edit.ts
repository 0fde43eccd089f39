import type { PolicyInput, RuleInput } from "#core/schemas/agent-policy.ts";

type PayRule = Extract<RuleInput, { kind: "pay" }>;

const isPay = (rule: RuleInput): rule is PayRule => rule.kind === "pay";

export const payRules = ({ rules }: PolicyInput): readonly PayRule[] => rules.filter(isPay);

/** The policy with these payees in the place of its own; everything else stays in its order. */
export function withPayees(policy: PolicyInput, payees: readonly PayRule[]): PolicyInput {
  const first = policy.rules.findIndex(isPay);
  const others = policy.rules.filter((rule) => !isPay(rule));
  const at = first < 0 ? others.length : policy.rules.slice(0, first).length;
  return { ...policy, rules: [...others.slice(0, at), ...payees, ...others.slice(at)] };
}

export const mayDeposit = ({ rules }: PolicyInput): boolean => rules.some(({ kind }) => kind === "deposit");

export const withDeposit = (policy: PolicyInput, isAllowed: boolean): PolicyInput => {
  const others = policy.rules.filter(({ kind }) => kind !== "deposit");
  return { ...policy, rules: isAllowed ? [{ kind: "deposit" }, ...others] : others };
};

/** What the owner alone is asked for above, in micro-dollars; null when others are asked, which the form has no field for. */
export function askOverOf({ guards }: PolicyInput): string | null {
  const { approvals } = guards ?? {};
  if (!approvals) return "";
  return approvals.approvers.length === 1 && approvals.approvers[0] === "me" ? approvals.over : null;
}

export function withAskOver({ guards, ...policy }: PolicyInput, over: string): PolicyInput {
  const { approvals: _, ...others } = guards ?? {};
  const kept = over === "" ? others : { ...others, approvals: { over, needed: 1, approvers: ["me" as const] } };
  return Object.keys(kept).length === 0 ? policy : { ...policy, guards: kept };
}

/** The day on which it ends, at the time of day it had. */
export const withLastDay = (policy: PolicyInput, day: string): PolicyInput => ({
  ...policy,
  validUntil: `${day}${policy.validUntil.slice(10)}`,
});

/** How much of a policy the form has no field for. */
export function beyondForm(policy: PolicyInput): number {
  const rules = policy.rules.filter(({ kind }) => kind !== "pay" && kind !== "deposit");
  const { approvals: _, ...guards } = policy.guards ?? {};
  const asked = askOverOf(policy) === null ? 1 : 0;
  return rules.length + (policy.caps ?? []).length + Object.keys(guards).length + asked;
}
