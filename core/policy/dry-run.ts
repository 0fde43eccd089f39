import type { Address } from "viem";
import { evaluatePolicy } from "./evaluate-policy.ts";
import type { Execution } from "./execution.ts";
import type { AgentPolicy } from "./policy.ts";

/** Something that was done, or was refused. */
export type PastAction = { id: string; atSeconds: number; wasDone: boolean; execution: Execution };

/** What would become of it under another policy, where that differs. */
export type DryRunChange = {
  id: string;
  atSeconds: number;
  wasDone: boolean;
  rule: string | null;
  value: string | null;
  fix: string | null;
};
export type DryRun = { tried: number; stillAllowed: number; stillDenied: number; changes: DryRunChange[] };

/**
 * Goes through what an agent did and was refused, oldest first, as if it had had another policy: each action is judged
 * with what the same policy would have let through in the window before it.
 */
export function dryRun(
  policy: AgentPolicy,
  actions: readonly PastAction[],
  { account, nowSeconds }: { account: Address; nowSeconds: number },
): DryRun {
  const result: DryRun = { tried: actions.length, stillAllowed: 0, stillDenied: 0, changes: [] };
  let done: { atSeconds: number; spent: ReadonlyMap<Address, bigint> }[] = [];
  // Its times are those of the future: the past is judged as if it were now.
  const timely = { ...policy, validAfter: 0, validUntil: Math.max(policy.validUntil, nowSeconds) };
  for (const { id, atSeconds, wasDone, execution } of actions) {
    done = done.filter((one) => one.atSeconds > atSeconds - policy.windowSeconds);
    const spentInWindow = new Map<Address, bigint>();
    for (const { spent } of done)
      for (const [token, amount] of spent) spentInWindow.set(token, (spentInWindow.get(token) ?? 0n) + amount);
    const verdict = evaluatePolicy(timely, execution, { account, paused: false, spentInWindow }, nowSeconds);
    if (verdict.allowed) done.push({ atSeconds, spent: verdict.spent });
    if (verdict.allowed === wasDone) {
      if (wasDone) result.stillAllowed += 1;
      else result.stillDenied += 1;
      continue;
    }
    const why = verdict.allowed
      ? { rule: null, value: null, fix: null }
      : { rule: verdict.rule, value: verdict.value, fix: verdict.fix };
    result.changes.push({ id, atSeconds, wasDone, ...why });
  }
  return result;
}
