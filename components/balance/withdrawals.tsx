"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy } from "react";
import type { WithdrawalView } from "#core/schemas/account.ts";
import { PagedTable } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { ReceiptDrawer } from "../receipt/receipt-drawer.tsx";
import type { ReceiptStep } from "../receipt/receipt-step.ts";
import { StatusBadge, type StatusKind } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardHeader } from "../ui/card.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { shorten } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";
import { Time } from "../ui/time.tsx";

const WithdrawDialog = lazy(() => import("./withdraw-dialog.tsx"));

const STATUSES = {
  requested: ["busy", "On its way"],
  paid: ["ok", "Paid"],
  failed: ["bad", "Failed"],
} as const satisfies Record<WithdrawalView["status"], readonly [StatusKind, string]>;

function WithdrawalStatus({ status }: { status: WithdrawalView["status"] }) {
  const [kind, word] = STATUSES[status];
  return <StatusBadge kind={kind}>{word}</StatusBadge>;
}

export function withdrawalSteps(withdrawal: WithdrawalView): ReceiptStep[] {
  const last: ReceiptStep =
    withdrawal.status === "requested"
      ? { kind: "transaction", title: "The vault pays it", state: "waiting" }
      : withdrawal.status === "paid"
        ? {
            kind: "transaction",
            title: "Paid by the vault",
            at: withdrawal.settledAt ?? undefined,
            hash: withdrawal.transactionHash ?? undefined,
          }
        : {
            kind: "transaction",
            title: "Not paid; the money is back in your balance",
            at: withdrawal.settledAt ?? undefined,
            detail: withdrawal.error ?? undefined,
            state: "refused",
          };
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
    { kind: "signature", title: "Signed for the vault under an id that it pays once", hash: withdrawal.chainId },
    last,
  ];
}

const COLUMNS: readonly Column<WithdrawalView>[] = [
  {
    id: "when",
    header: "When",
    cell: (row) => <Time iso={row.requestedAt} className="whitespace-nowrap text-ink-2" />,
  },
  {
    id: "to",
    header: "To",
    from: "sm",
    cell: (row) => (row.agentId ? "An agent" : <code className="font-mono">{shorten(row.to)}</code>),
  },
  { id: "status", header: "Status", cell: (row) => <WithdrawalStatus status={row.status} /> },
  {
    id: "amount",
    header: "Amount",
    align: "right",
    cell: (row) => <Amount units={row.amount.units} asset={row.amount.asset} />,
  },
  {
    id: "receipt",
    header: "Receipt",
    isHeaderHidden: true,
    align: "right",
    className: "w-12 pl-0",
    cell: (row) => (
      <ReceiptDrawer
        title="Withdrawal"
        id={row.id}
        subject={<Amount units={row.amount.units} asset={row.amount.asset} />}
        status={<WithdrawalStatus status={row.status} />}
        steps={withdrawalSteps(row)}
      />
    ),
  },
];

export function Withdrawals() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.account.listWithdrawals.infiniteQueryOptions(
      { limit: 10 },
      { getNextPageParam: (page) => page.nextCursor ?? undefined, refetchInterval: 4_000 },
    ),
  );
  return (
    <Card>
      <CardHeader
        title="Withdrawals"
        action={
          <Opener trigger={<Button size="sm">Withdraw</Button>}>{(popup) => <WithdrawDialog {...popup} />}</Opener>
        }
      />
      <PagedTable
        query={query}
        what="Withdrawals"
        columns={COLUMNS}
        rowKey={(row) => row.id}
        skeletonRows={2}
        empty={
          <EmptyState title="No withdrawal yet">
            Money you take out, and money you give to agents, is listed here until it has arrived.
          </EmptyState>
        }
      />
    </Card>
  );
}
