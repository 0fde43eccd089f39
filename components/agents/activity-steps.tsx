import type { ActivityView, Refusal } from "#core/schemas/agent.ts";
import { Amount } from "../money/amount.tsx";
import type { ReceiptStep } from "../receipt/receipt-step.ts";
import { shorten } from "../ui/identifier.tsx";

const KINDS: Record<ActivityView["kind"], string> = {
  payment: "A payment",
  deposit: "A deposit to its own balance",
  call: "A call",
};

export const activityWord = (kind: ActivityView["kind"]): string => kind.charAt(0).toUpperCase() + kind.slice(1);

const REFUSERS = {
  signer: "The signer",
  contract: "The account’s contract",
  breaker: "A breaker",
  approver: "An approver",
} as const;

export const refusalTitle = ({ refusedBy, rule }: Refusal): string => `${REFUSERS[refusedBy]} refused it: ${rule}`;

function decision(activity: ActivityView): ReceiptStep {
  const { refusal } = activity;
  if (refusal === null) return { kind: "decision", title: "The signer’s policy check allowed exactly these bytes" };
  return {
    kind: "decision",
    title: refusalTitle(refusal),
    detail: (
      <>
        {refusal.value}. {refusal.fix}
      </>
    ),
    state: "refused",
  };
}

/** From what the agent wanted to what the chain did. */
export function activitySteps(activity: ActivityView): ReceiptStep[] {
  const steps: ReceiptStep[] = [
    ...(activity.decision
      ? [
          {
            kind: "decision" as const,
            title: `The strategy “${activity.decision.strategy}” decided`,
            detail: activity.decision.why,
            href: `/agents/${activity.agentId}/strategies/${activity.decision.strategyId}`,
          },
        ]
      : []),
    {
      kind: "event",
      title: `${KINDS[activity.kind]} was proposed`,
      at: activity.createdAt,
      detail: activity.amount && (
        <>
          <Amount units={activity.amount.units} /> {activity.recipient && `to ${shorten(activity.recipient)}`}
        </>
      ),
      hash: activity.id,
    },
  ];
  if (activity.inferenceId !== null) {
    steps.push({
      kind: "proof",
      title: "With the proved output its rule asks for",
      hash: activity.inferenceId,
      href: `/verify/${activity.inferenceId}`,
    });
  }
  // Whether an action that never left was judged and signed is not known here, and does not matter.
  const isUnsent = activity.status === "planned" || (activity.status === "failed" && activity.transactionHash === null);
  if (isUnsent) {
    const isWaiting = activity.status === "planned";
    steps.push({
      kind: "transaction",
      title: isWaiting ? "Written down, not sent yet" : "It was not carried out; no money moved",
      detail: activity.error ?? undefined,
      state: isWaiting ? "waiting" : "refused",
    });
    return steps;
  }
  steps.push(decision(activity));
  if (activity.refusal !== null) return steps;
  for (const { name, at } of activity.approvals)
    steps.push({ kind: "signature", title: `${name} approved of exactly these bytes`, at });
  if (activity.status === "awaiting-approval") {
    steps.push({
      kind: "signature",
      title: "Waits for people's approval of exactly these bytes",
      hash: activity.operationId ?? undefined,
      state: "waiting",
    });
    return steps;
  }
  steps.push({ kind: "signature", title: "Signed by the agent’s key", hash: activity.operationId ?? undefined });
  if (activity.status === "submitted")
    steps.push({ kind: "transaction", title: "The chain carries it out", state: "waiting" });
  else {
    steps.push({
      kind: "transaction",
      title: activity.status === "succeeded" ? "Carried out" : "It failed on the chain; no money moved",
      detail:
        activity.error ?? (activity.gasUsed === null ? undefined : `${activity.gasUsed} gas, paid by the sponsor.`),
      hash: activity.transactionHash ?? undefined,
      state: activity.status === "succeeded" ? "done" : "refused",
    });
  }
  return steps;
}
