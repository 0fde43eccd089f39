"use client";

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy } from "react";
import type { WithdrawalView } from "#core/schemas/account.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { notifyError } from "../api/notify-error.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { amountColumn } from "../money/amount-column.tsx";
import { receiptColumn } from "../receipt/receipt-column.tsx";
import { ReceiptDrawer } from "../receipt/receipt-drawer.tsx";
import { Button } from "../ui/button.tsx";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { shorten } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";
import { WithdrawalStatus } from "./withdrawal-status.tsx";
import { withdrawalSteps } from "./withdrawal-steps.tsx";

const WithdrawDialog = lazy(() => import("./withdraw-dialog.tsx"));

/** Taken back before it was sent; once it is on its way nothing can stop it. */
function CancelButton({ withdrawal }: { withdrawal: WithdrawalView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const cancel = useMutation(
    trpc.account.cancelWithdrawal.mutationOptions({
      onSuccess: () => toast.success("Taken back", { description: "The money is in your balance again." }),
      onError: (error) => notifyError("It could not be taken back", error),
      onSettled: () => queryClient.invalidateQueries(),
    }),
  );
  if (!["waiting", "waiting-root", "awaiting-approval"].includes(withdrawal.status)) return null;
  return (
    <Button size="sm" isPending={cancel.isPending} onClick={() => cancel.mutate({ id: withdrawal.id })}>
      Take back
    </Button>
  );
}

const COLUMNS: readonly Column<WithdrawalView>[] = [
  timeColumn("When", (row) => row.requestedAt),
  {
    id: "to",
    header: "To",
    from: "sm",
    cell: (row) => (row.agentId ? "An agent" : <code className="whitespace-nowrap font-mono">{shorten(row.to)}</code>),
  },
  {
    id: "status",
    header: "Status",
    cell: (row) => (
      <span className="flex flex-wrap items-center gap-2">
        <WithdrawalStatus withdrawal={row} />
        <CancelButton withdrawal={row} />
      </span>
    ),
  },
  amountColumn("Amount", (row) => row.amount),
  receiptColumn((row) => (
    <ReceiptDrawer
      title="Withdrawal"
      id={row.id}
      subject={<Amount units={row.amount.units} asset={row.amount.asset} />}
      status={<WithdrawalStatus withdrawal={row} />}
      steps={withdrawalSteps(row)}
    />
  )),
];

export default function Withdrawals() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.account.listWithdrawals.infiniteQueryOptions(
      { limit: 10 },
      { getNextPageParam: nextPage, refetchInterval: every(4_000) },
    ),
  );
  return (
    <PagedCard
      title="Withdrawals"
      action={<Opener trigger={<Button size="sm">Withdraw</Button>}>{(popup) => <WithdrawDialog {...popup} />}</Opener>}
      query={query}
      columns={COLUMNS}
      rowKey={(row) => row.id}
      skeletonRows={2}
      empty={
        <EmptyState title="No withdrawal yet">
          Money you take out, and money you give to agents, is listed here until it has arrived.
        </EmptyState>
      }
    />
  );
}
