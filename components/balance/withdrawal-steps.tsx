import type { WithdrawalView } from "#core/schemas/account.ts";
import { Amount } from "../money/amount.tsx";
import type { ReceiptStep } from "../receipt/receipt-step.ts";
import { Time } from "../ui/time.tsx";

/** The proof of all balances counts this money as somebody else's until it is made again; only then it can leave. */
function rootStep(sendAt: string | null): ReceiptStep {
  const detail = (
    <>
      All balances are added up and published every hour. The last time, some of this money was not yours yet. Until it
      leaves you can take it back.{" "}
      {sendAt !== null && (
        <>
          Expected <Time iso={sendAt} />
        </>
      )}
    </>
  );
  return { kind: "transaction", title: "Sent after the next check of all balances", detail, state: "waiting" };
}

function lastStep({ status, settledAt, transactionHash, error, sendAt }: WithdrawalView): ReceiptStep {
  const at = settledAt ?? undefined;
  if (status === "requested") return { kind: "transaction", title: "The vault pays it", state: "waiting" };
  if (status === "paid")
    return { kind: "transaction", title: "Paid by the vault", at, hash: transactionHash ?? undefined };
  if (status === "waiting-root") return rootStep(sendAt);
  if (status === "waiting" || status === "awaiting-approval") {
    const title = sendAt === null ? "Sent after the approval" : "Sent after a delay, because it is large";
    return { kind: "transaction", title, detail: "Until then you can take it back.", state: "waiting" };
  }
  const title = "Not paid; the money is back in your balance";
  return { kind: "transaction", title, at, detail: error ?? undefined, state: "refused" };
}

function approvalStep({ status, expiresAt, decidedAt }: WithdrawalView): ReceiptStep[] {
  if (expiresAt === null) return [];
  if (decidedAt === null) {
    if (status !== "awaiting-approval") return [];
    return [{ kind: "decision", title: "Somebody else has to approve it", state: "waiting" }];
  }
  const isApproved = status !== "rejected";
  return [
    {
      kind: "decision",
      title: isApproved ? "Approved by a second person" : "Rejected by a second person",
      at: decidedAt,
      ...(isApproved ? {} : { state: "refused" as const }),
    },
  ];
}

/** What led to a withdrawal and what came of it. */
export function withdrawalSteps(withdrawal: WithdrawalView): ReceiptStep[] {
  const isOrdered = ["requested", "paid", "failed"].includes(withdrawal.status);
  return [
    {
      kind: "event",
      title: withdrawal.agentId ? "You funded an agent" : "You asked for a payout",
      at: withdrawal.requestedAt,
      detail: `To ${withdrawal.to}`,
      hash: withdrawal.id,
    },
    {
      kind: "posting",
      title: "Set aside, so that it cannot be spent twice",
      detail: <Amount units={withdrawal.amount.units} asset={withdrawal.amount.asset} />,
    },
    ...approvalStep(withdrawal),
    ...(isOrdered
      ? [
          {
            kind: "signature" as const,
            title: "Signed for the vault under an id that it pays once",
            hash: withdrawal.chainId,
          },
        ]
      : []),
    lastStep(withdrawal),
  ];
}
