"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import { ACTIVITY_KINDS, ACTIVITY_STATUSES, type ActivityView } from "#core/schemas/agent.ts";
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
import { Select } from "../ui/select.tsx";
import { Time } from "../ui/time.tsx";
import { useAddressValue } from "../ui/use-address-value.ts";
import { ActionLink } from "./action-link.tsx";
import { activitySteps, activityWord } from "./activity-steps.tsx";
import { ActivityStatus, activityStatusWord } from "./agent-status.tsx";

const amountOf = (activity: ActivityView) =>
  activity.amount === null ? <span className="text-ink-3">–</span> : <Amount units={activity.amount.units} />;

const STATUSES = [
  { value: "all", label: "Whatever became of it" },
  ...ACTIVITY_STATUSES.map((value) => ({ value, label: activityStatusWord(value) })),
];
const KINDS = [
  { value: "all", label: "All kinds" },
  ...ACTIVITY_KINDS.map((value) => ({ value, label: `${activityWord(value)}s` })),
];

const chosen = <Value extends string>(values: readonly Value[], asked: string | null): Value | undefined =>
  values.find((value) => value === asked);

const COLUMNS: readonly Column<ActivityView>[] = [
  timeColumn("When", (row) => row.createdAt, { from: "sm" }),
  {
    id: "what",
    header: "What",
    cell: (row) => (
      <span className="block">
        <Link
          href={`/agents/${row.agentId}/actions/${row.id}`}
          className="rounded-sm font-medium underline decoration-line underline-offset-4 hover:decoration-ink"
        >
          {activityWord(row.kind)}
        </Link>
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
        <span className="text-ink-2 [overflow-wrap:anywhere]">{row.error ?? ""}</span>
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
    >
      <p className="mt-6 text-sm">
        <ActionLink agentId={row.agentId} id={row.id} />
      </p>
    </ReceiptDrawer>
  )),
];

export function ActivityTable({ agentId }: { agentId: string }) {
  const trpc = useTRPC();
  const [askedStatus, setStatus] = useAddressValue("status");
  const [askedKind, setKind] = useAddressValue("kind");
  const status = chosen(ACTIVITY_STATUSES, askedStatus);
  const kind = chosen(ACTIVITY_KINDS, askedKind);
  const query = useInfiniteQuery(
    trpc.agent.listPayments.infiniteQueryOptions(
      { id: agentId, limit: 20, status, kind },
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
      action={
        <span className="flex flex-wrap gap-2">
          <Select
            label="What became of it"
            options={STATUSES}
            value={status ?? "all"}
            onValueChange={(value) => setStatus(value === "all" ? null : value)}
          />
          <Select
            label="Kind"
            options={KINDS}
            value={kind ?? "all"}
            onValueChange={(value) => setKind(value === "all" ? null : value)}
          />
        </span>
      }
      empty={
        <EmptyState title={status || kind ? "Nothing of that" : "Nothing yet"}>
          Payments, deposits and refusals appear here with the decision behind each.
        </EmptyState>
      }
    />
  );
}
