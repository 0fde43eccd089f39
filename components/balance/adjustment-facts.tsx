"use client";

import { useQuery } from "@tanstack/react-query";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { ReceiptChain } from "../receipt/receipt-chain.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

/** Who stands behind an adjustment, for those whose money it moved. Read when its receipt is opened. */
export default function AdjustmentFacts({ id }: { id: string }) {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.balance.getAdjustment.queryOptions({ id }));
  if (error && !data)
    return <QueryError error={error} what="The adjustment behind it" onRetry={() => void refetch()} />;
  if (!data) return <Skeleton className="mt-3 h-24 w-full" />;
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
      ]}
    />
  );
}
