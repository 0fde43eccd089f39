"use client";

import { useQuery } from "@tanstack/react-query";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { ReceiptChain } from "../receipt/receipt-chain.tsx";
import type { ReceiptStep } from "../receipt/receipt-step.ts";

/** Who stands behind an adjustment, for those whose money it moved, before the posting. Read when its receipt is opened. */
export default function AdjustmentFacts({ id, posting }: { id: string; posting: readonly ReceiptStep[] }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.balance.getAdjustment.queryOptions({ id }));
  if (!data)
    return (
      <>
        <ReceiptChain steps={posting} />
        {error && <QueryError error={error} what="The adjustment behind it" onRetry={() => void refetch()} />}
      </>
    );
  const count = data.transferCount === 1 ? "one transfer" : `${data.transferCount} transfers together`;
  return (
    <ReceiptChain
      steps={[
        {
          kind: "event",
          title: `Proposed by ${data.proposedBy}`,
          at: data.proposedAt,
          detail: data.reference === null ? data.reason : `${data.reason} (${data.reference})`,
          hash: data.id,
        },
        {
          kind: "decision",
          title: `Approved by ${data.approvedBy}`,
          at: data.approvedAt,
          detail: `A second person agreed to exactly this: ${count}, under this hash.`,
          hash: data.contentHash,
        },
        ...posting,
      ]}
    />
  );
}
