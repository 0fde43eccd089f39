import { USD_VALUE } from "#core/policy/guards.ts";
import type { AgentPolicy } from "#core/policy/policy.ts";
import type { JudgementView } from "#core/schemas/action.ts";
import { db } from "#server/db.ts";
import type { RecordedJudgement } from "./action-record.ts";
import { policyFromJson, viewPolicy } from "./agent-policy.ts";
import type { Names } from "./token-names.ts";

async function findPolicy(
  agentId: string,
  policyHash: string,
): Promise<{ number: number; policy: AgentPolicy } | null> {
  const version = await db.agentPolicyVersion.findFirst({ where: { agentId, policyHash }, orderBy: { number: "asc" } });
  return version && { number: version.number, policy: policyFromJson(version.policy) };
}

/** What was judged, beside the rules and limits of the policy that it was judged by. */
export async function viewJudgement(agentId: string, given: RecordedJudgement, names: Names): Promise<JudgementView> {
  const found = await findPolicy(agentId, given.policyHash);
  const view = found && viewPolicy(found.policy);
  return {
    at: given.at,
    policyHash: given.policyHash,
    policyNumber: found?.number ?? null,
    windowSeconds: found?.policy.windowSeconds ?? null,
    guards: view?.guards ?? null,
    rules: given.rules.map((place) => ({ number: place + 1, rule: view?.rules[place] ?? null })),
    caps: given.spent
      .filter(({ token }) => token !== USD_VALUE)
      .map(({ token, amount }) => {
        const before = given.spentInWindow.find((one) => one.token === token)?.amount ?? 0n;
        const cap = found?.policy.caps.find((one) => one.token === token);
        return {
          ...names(token),
          spent: amount.toString(),
          before: before.toString(),
          after: (before + amount).toString(),
          perTransaction: cap?.perTransaction.toString() ?? null,
          perWindow: cap?.perWindow.toString() ?? null,
        };
      }),
    usd: given.usd && {
      value: given.usd.value.toString(),
      before: given.usd.inWindow.toString(),
      after: (given.usd.inWindow + given.usd.value).toString(),
    },
    outcome:
      given.outcome?.map(({ token, before, after }) => ({
        ...names(token),
        before: before.toString(),
        after: after.toString(),
      })) ?? null,
  };
}
