"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import type { ActivityView } from "#core/schemas/agent.ts";
import { NamedAddress } from "../addresses/named-address.tsx";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { receiptColumn } from "../receipt/receipt-column.tsx";
import { ReceiptDrawer } from "../receipt/receipt-drawer.tsx";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Time } from "../ui/time.tsx";
import { activitySteps, activityWord } from "./activity-steps.tsx";
import { ActivityStatus } from "./agent-status.tsx";

const amountOf = (activity: ActivityView) =>
  activity.amount === null ? <span className="text-ink-3">–</span> : <Amount units={activity.amount.units} />;

const COLUMNS: readonly Column<ActivityView>[] = [
  timeColumn("When", (row) => row.createdAt, { from: "sm" }),
  {
    id: "what",
    header: "What",
    cell: (row) => (
      <span className="block">
        <span className="font-medium">{activityWord(row.kind)}</span>
        <Time iso={row.createdAt} className="block whitespace-nowrap text-ink-3 text-xs sm:hidden" />
      </span>
    ),
  },
  {
    id: "to",
    header: "To",
    from: "md",
    cell: (row) =>
      row.recipient === null ? <span className="text-ink-3">–</span> : <NamedAddress value={row.recipient} />,
    skeletonWidth: "w-24",
  },
  { id: "status", header: "Status", cell: (row) => <ActivityStatus status={row.status} /> },
  {
    id: "why",
    header: "Why",
    from: "md",
    cell: (row) =>
      row.refusal ? (
        <span className="text-ink-2">
          {row.refusal.rule}, by the {row.refusal.refusedBy}
        </span>
      ) : (
        <span className="text-ink-2">{row.error ?? ""}</span>
      ),
    skeletonWidth: "w-32",
  },
  { id: "amount", header: "Amount", align: "right", cell: amountOf },
  receiptColumn((row) => (
    <ReceiptDrawer
      title={activityWord(row.kind)}
      id={row.id}
      subject={amountOf(row)}
      status={<ActivityStatus status={row.status} />}
      steps={activitySteps(row)}
    />
  )),
];

export function ActivityTable({ agentId }: { agentId: string }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.agent.listPayments.infiniteQueryOptions(
      { id: agentId, limit: 20 },
      { getNextPageParam: nextPage, refetchInterval: every(3_000) },
    ),
  );
  return (
    <PagedCard
      title="What it did"
      description="And what it was refused, by whom, and why."
      query={query}
      what="Activity"
      columns={COLUMNS}
      rowKey={(row) => row.id}
      empty={
        <EmptyState title="Nothing yet">
          Payments, deposits and refusals appear here with the decision behind each.
        </EmptyState>
      }
    />
  );
}
