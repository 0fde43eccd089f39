import type { AdjustmentView } from "#core/schemas/adjustment.ts";
import { Amount } from "../money/amount.tsx";
import type { ReceiptStep } from "../receipt/receipt-step.ts";
import { ledgerHref } from "./ledger-id.tsx";

function decision(adjustment: AdjustmentView): ReceiptStep {
  const { status, decidedBy, decidedAt, decisionReason, contentHash, expiresAt } = adjustment;
  if (decidedBy === null)
    return {
      kind: "decision",
      title: status === "expired" ? "Nobody approved it in time" : "Another admin decides",
      detail: `Until ${expiresAt.slice(0, 16).replace("T", " ")} UTC, on exactly this hash.`,
      hash: contentHash,
      state: status === "expired" ? "refused" : "waiting",
    };
  const isPosted = status === "posted";
  return {
    kind: "decision",
    title: `${isPosted ? "Approved" : "Rejected"} by ${decidedBy.name}`,
    at: decidedAt ?? undefined,
    detail: isPosted ? "A second person agreed to exactly this hash." : decisionReason,
    hash: contentHash,
    state: isPosted ? "done" : "refused",
  };
}

/** Why the ledger was changed by hand: who proposed it, who decided, and what was posted. */
export function adjustmentSteps(adjustment: AdjustmentView): ReceiptStep[] {
  const { source, proposedBy, proposedAt, reason, reference, transfers, id } = adjustment;
  const cause: ReceiptStep[] = source
    ? [
        {
          kind: "transaction",
          title: source.kind === "unassigned" ? "Came without a deposit" : `A ${source.kind} on the chain`,
          detail: `Log ${source.logIndex} of its transaction.`,
          hash: source.transactionHash,
        },
      ]
    : [];
  const postings = transfers.map(
    ({ debit, credit, amount, transferId }, place): ReceiptStep => ({
      kind: "posting",
      title: `${place + 1}. ${debit} to ${credit}`,
      detail: <Amount units={amount.units} asset={amount.asset} />,
      ...(transferId === null ? { state: "waiting" } : { hash: transferId, href: ledgerHref(transferId) }),
    }),
  );
  return [
    ...cause,
    {
      kind: "event",
      title: `Proposed by ${proposedBy.name}`,
      at: proposedAt,
      detail: reference === null ? reason : `${reason} (${reference})`,
      hash: id,
    },
    decision(adjustment),
    ...(adjustment.status === "rejected" || adjustment.status === "expired" ? [] : postings),
  ];
}
