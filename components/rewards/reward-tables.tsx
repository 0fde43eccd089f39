"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { lazy } from "react";
import type { Campaign, CashOut } from "#core/schemas/reward.ts";
import type { ApiOutput } from "../api/api-types.ts";
import { PagedTable, QueryTable } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { ReceiptDrawer } from "../receipt/receipt-drawer.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardHeader } from "../ui/card.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";
import { Time } from "../ui/time.tsx";
import { batchSteps, cashOutSteps, epochSteps } from "./reward-steps.tsx";
import { CampaignStatus, CashOutStatus, EpochStatus } from "./statuses.tsx";

const CashOutDialog = lazy(() => import("./cash-out-dialog.tsx"));

type Batch = ApiOutput["reward"]["listBatches"]["data"][number];
type Epoch = ApiOutput["reward"]["listEpochs"]["data"][number];
const RECEIPT = {
  id: "receipt",
  header: "Receipt",
  isHeaderHidden: true,
  align: "right",
  className: "w-12 pl-0",
} as const;

const CAMPAIGN_COLUMNS: readonly Column<Campaign>[] = [
  {
    id: "name",
    header: "Campaign",
    cell: (row) => <span className="font-medium">{row.name}</span>,
    skeletonWidth: "w-32",
  },
  { id: "status", header: "Status", cell: (row) => <CampaignStatus status={row.status} /> },
  { id: "view", header: "A view", align: "right", from: "md", cell: (row) => <Amount units={row.prices.view.units} /> },
  {
    id: "dwell",
    header: "A second",
    align: "right",
    from: "md",
    cell: (row) => <Amount units={row.prices.dwellSecond.units} />,
  },
  {
    id: "cap",
    header: "Most a day",
    align: "right",
    from: "sm",
    cell: (row) => <Amount units={row.userCapPerDay.units} />,
  },
  { id: "spent", header: "Paid out", align: "right", from: "lg", cell: (row) => <Amount units={row.spent.units} /> },
  { id: "left", header: "Left", align: "right", cell: (row) => <Amount units={row.budgetLeft.units} /> },
];

export function CampaignTable() {
  const trpc = useTRPC();
  const query = useQuery(trpc.reward.listCampaigns.queryOptions(undefined, { refetchInterval: 10_000 }));
  return (
    <Card>
      <CardHeader title="Campaigns" description="Who pays for attention, and how much of it is left." />
      <QueryTable
        query={query}
        what="Campaigns"
        columns={CAMPAIGN_COLUMNS}
        rowKey={(row) => row.id}
        skeletonRows={1}
        empty={
          <EmptyState title="Nobody pays for attention right now">
            A campaign appears here as soon as it is funded.
          </EmptyState>
        }
      />
    </Card>
  );
}

const BATCH_COLUMNS: readonly Column<Batch>[] = [
  { id: "when", header: "When", cell: (row) => <Time iso={row.receivedAt} className="whitespace-nowrap text-ink-2" /> },
  { id: "events", header: "Events", align: "right", cell: (row) => <span className="tabular">{row.accepted}</span> },
  {
    id: "twice",
    header: "Repeats",
    align: "right",
    from: "md",
    cell: (row) => <span className="tabular text-ink-2">{row.duplicate}</span>,
  },
  {
    id: "score",
    header: "Score",
    align: "right",
    from: "sm",
    cell: (row) => <span className="tabular">{row.score}</span>,
  },
  {
    id: "worth",
    header: "Worth",
    align: "right",
    from: "sm",
    cell: (row) => <Amount units={row.worth.units} className="text-ink-2" />,
  },
  {
    id: "credited",
    header: "Credited",
    align: "right",
    cell: (row) => <Amount units={row.credited.units} isSigned className="font-medium" />,
  },
  {
    ...RECEIPT,
    cell: (row) => (
      <ReceiptDrawer
        title="Reward"
        id={row.id}
        subject={<Amount units={row.credited.units} isSigned />}
        steps={batchSteps(row)}
      />
    ),
  },
];

export function BatchTable() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.reward.listBatches.infiniteQueryOptions(
      { limit: 10 },
      { getNextPageParam: (page) => page.nextCursor ?? undefined, refetchInterval: 4_000 },
    ),
  );
  return (
    <Card>
      <CardHeader
        title="What you earned"
        description="Your device signs what you read; each batch is counted once and paid in one posting."
      />
      <PagedTable
        query={query}
        what="Earnings"
        columns={BATCH_COLUMNS}
        rowKey={(row) => row.id}
        empty={
          <EmptyState title="Nothing earned yet">
            Open the feed and read. The first cents appear here within seconds.
          </EmptyState>
        }
      />
    </Card>
  );
}

const CASH_OUT_COLUMNS: readonly Column<CashOut>[] = [
  { id: "when", header: "When", cell: (row) => <Time iso={row.createdAt} className="whitespace-nowrap text-ink-2" /> },
  { id: "status", header: "Status", cell: (row) => <CashOutStatus status={row.status} /> },
  {
    id: "epoch",
    header: "Epoch",
    align: "right",
    from: "sm",
    cell: (row) => <span className="tabular">{row.epoch ?? "–"}</span>,
  },
  { id: "amount", header: "Amount", align: "right", cell: (row) => <Amount units={row.amount.units} /> },
  {
    ...RECEIPT,
    cell: (row) => (
      <ReceiptDrawer
        title="Cash-out"
        id={row.id}
        subject={<Amount units={row.amount.units} />}
        status={<CashOutStatus status={row.status} />}
        steps={cashOutSteps(row)}
      />
    ),
  },
];

export function CashOutTable() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.reward.listCashOuts.infiniteQueryOptions(
      { limit: 10 },
      { getNextPageParam: (page) => page.nextCursor ?? undefined, refetchInterval: 4_000 },
    ),
  );
  return (
    <Card>
      <CardHeader
        title="Cash-outs"
        action={
          <Opener trigger={<Button size="sm">Cash out</Button>}>{(popup) => <CashOutDialog {...popup} />}</Opener>
        }
      />
      <PagedTable
        query={query}
        what="Cash-outs"
        columns={CASH_OUT_COLUMNS}
        rowKey={(row) => row.id}
        skeletonRows={2}
        empty={
          <EmptyState title="No cash-out yet">
            One tap, no fee. It is settled with the next epoch and followed here until it has arrived.
          </EmptyState>
        }
      />
    </Card>
  );
}

const EPOCH_COLUMNS: readonly Column<Epoch>[] = [
  { id: "number", header: "Epoch", cell: (row) => <span className="tabular font-medium">{row.number}</span> },
  { id: "status", header: "Status", cell: (row) => <EpochStatus status={row.status} /> },
  { id: "root", header: "Root", from: "lg", cell: (row) => <Identifier value={row.root} label="root" /> },
  {
    id: "people",
    header: "People",
    align: "right",
    from: "sm",
    cell: (row) => <span className="tabular">{row.people}</span>,
  },
  { id: "delta", header: "Paid", align: "right", cell: (row) => <Amount units={row.delta.units} /> },
  {
    ...RECEIPT,
    cell: (row) => (
      <ReceiptDrawer
        title="Epoch"
        id={row.root}
        subject={<Amount units={row.cumulativeTotal.units} />}
        status={<EpochStatus status={row.status} />}
        steps={epochSteps(row)}
      />
    ),
  },
];

export function EpochTable() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.reward.listEpochs.infiniteQueryOptions(
      { limit: 10 },
      { getNextPageParam: (page) => page.nextCursor ?? undefined, refetchInterval: 10_000 },
    ),
  );
  return (
    <Card>
      <CardHeader title="Epochs" description="Everyone’s cash-outs under one root that anyone can check." />
      <PagedTable
        query={query}
        what="Epochs"
        columns={EPOCH_COLUMNS}
        rowKey={(row) => String(row.number)}
        skeletonRows={2}
        empty={<EmptyState title="No epoch yet">The first one closes when somebody has cashed out.</EmptyState>}
      />
    </Card>
  );
}
