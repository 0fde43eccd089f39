"use client";

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy } from "react";
import type { ApiOutput } from "../api/api-types.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { notifyError } from "../api/notify-error.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { WithdrawalStatus } from "../balance/withdrawal-status.tsx";
import { Amount } from "../money/amount.tsx";
import { amountColumn } from "../money/amount-column.tsx";
import { Button } from "../ui/button.tsx";
import { timeColumn } from "../ui/columns.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";

const RejectDialog = lazy(() => import("./reject-dialog.tsx"));

type Approval = ApiOutput["admin"]["listApprovals"]["data"][number];

function Decide({ approval }: { approval: Approval }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const approve = useMutation(
    trpc.admin.approveWithdrawal.mutationOptions({
      onError: (error) => notifyError("It was not approved", error),
      onSettled: () => queryClient.invalidateQueries({ queryKey: trpc.admin.listApprovals.pathKey() }),
    }),
  );
  if (approval.status !== "awaiting-approval")
    return <span className="text-ink-3 text-xs">{approval.decidedBy === null ? "" : `By ${approval.decidedBy}`}</span>;
  return (
    <span className="flex flex-wrap justify-end gap-2">
      <Opener
        trigger={
          <Button size="sm" variant="ghost">
            Reject
          </Button>
        }
      >
        {(popup) => <RejectDialog {...popup} id={approval.id} />}
      </Opener>
      <ConfirmDialog
        title="Approve this withdrawal?"
        confirmLabel="Approve"
        onConfirm={() => approve.mutate({ id: approval.id })}
        trigger={
          <Button size="sm" isPending={approve.isPending}>
            Approve
          </Button>
        }
      >
        <Amount units={approval.amount.units} asset={approval.amount.asset} /> of {approval.userName} go to{" "}
        <code className="break-all font-mono">{approval.to}</code>. Once sent, nothing brings it back.
      </ConfirmDialog>
    </span>
  );
}

const COLUMNS: readonly Column<Approval>[] = [
  timeColumn("Asked", (row) => row.requestedAt, { from: "sm" }),
  {
    id: "who",
    header: "Who",
    cell: (row) => (
      <span className="block min-w-0">
        <span className="block truncate font-medium">{row.userName}</span>
        <span className="block text-ink-3 text-xs">
          to <Identifier value={row.to} label="address" />
        </span>
      </span>
    ),
  },
  { id: "status", header: "Status", from: "md", cell: (row) => <WithdrawalStatus withdrawal={row} /> },
  amountColumn("Amount", (row) => row.amount),
  { id: "decide", header: "Decision", align: "right", cell: (row) => <Decide approval={row} /> },
];

/** Large withdrawals, which leave only after somebody other than the person who asks has approved them. */
export default function Approvals() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.admin.listApprovals.infiniteQueryOptions(
      { limit: 20 },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  return (
    <PagedCard
      title="Withdrawals to approve"
      description="Large ones leave only after a second person’s approval."
      query={query}
      columns={COLUMNS}
      rowKey={(row) => row.id}
      skeletonRows={1}
      empty={<EmptyState title="Nothing to decide">Withdrawals above the approval limit wait here.</EmptyState>}
    />
  );
}
