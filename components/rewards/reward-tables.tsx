"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { lazy } from "react";
import type { Campaign, CashOut } from "#core/schemas/reward.ts";
import type { ApiOutput } from "../api/api-types.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard, QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { amountColumn } from "../money/amount-column.tsx";
import { receiptColumn } from "../receipt/receipt-column.tsx";
import { ReceiptDrawer } from "../receipt/receipt-drawer.tsx";
import { Button } from "../ui/button.tsx";
import { numberColumn, timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";
import { batchSteps, cashOutSteps, epochSteps } from "./reward-steps.tsx";
import { CampaignStatus, CashOutStatus, EpochStatus } from "./statuses.tsx";

const CashOutDialog = lazy(() => import("./cash-out-dialog.tsx"));

type Batch = ApiOutput["reward"]["listBatches"]["data"][number];
type Epoch = ApiOutput["reward"]["listEpochs"]["data"][number];
const CAMPAIGN_COLUMNS: readonly Column<Campaign>[] = [
  {
    id: "name",
    header: "Campaign",
    cell: (row) => <span className="font-medium">{row.name}</span>,
    skeletonWidth: "w-32",
  },
  { id: "status", header: "Status", cell: (row) => <CampaignStatus status={row.status} /> },
  amountColumn("A view", (row) => row.prices.view, { from: "md" }),
  amountColumn("A second", (row) => row.prices.dwellSecond, { from: "md" }),
  amountColumn("Most a day", (row) => row.userCapPerDay, { from: "sm" }),
  amountColumn("Paid out", (row) => row.spent, { from: "lg" }),
  amountColumn("Left", (row) => row.budgetLeft),
];

export function CampaignTable() {
  const trpc = useTRPC();
  const query = useQuery(trpc.reward.listCampaigns.queryOptions(undefined, { refetchInterval: every(10_000) }));
  return (
    <QueryCard
      title="Campaigns"
      description="Who pays for attention, and how much of it is left."
      query={query}
      columns={CAMPAIGN_COLUMNS}
      rowKey={(row) => row.id}
      skeletonRows={1}
      empty={
        <EmptyState title="Nobody pays for attention right now">
          A campaign appears here as soon as it is funded.
        </EmptyState>
      }
    />
  );
}

const BATCH_COLUMNS: readonly Column<Batch>[] = [
  timeColumn("When", (row) => row.receivedAt),
  numberColumn("Events", (row) => row.accepted),
  {
    id: "twice",
    header: "Repeats",
    align: "right",
    from: "md",
    cell: (row) => <span className="tabular text-ink-2">{row.duplicate}</span>,
  },
  numberColumn("Score", (row) => row.score, { from: "sm" }),
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
  receiptColumn((row) => (
    <ReceiptDrawer
      title="Reward"
      id={row.id}
      subject={<Amount units={row.credited.units} isSigned />}
      steps={batchSteps(row)}
    />
  )),
];

export function BatchTable() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.reward.listBatches.infiniteQueryOptions(
      { limit: 10 },
      { getNextPageParam: nextPage, refetchInterval: every(4_000) },
    ),
  );
  return (
    <PagedCard
      title="What you earned"
      description="Your device signs what you read; each batch is counted once and paid in one posting."
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
  );
}

const CASH_OUT_COLUMNS: readonly Column<CashOut>[] = [
  timeColumn("When", (row) => row.createdAt),
  { id: "status", header: "Status", cell: (row) => <CashOutStatus status={row.status} /> },
  numberColumn("Epoch", (row) => row.epoch ?? "–", { from: "sm" }),
  amountColumn("Amount", (row) => row.amount),
  receiptColumn((row) => (
    <ReceiptDrawer
      title="Cash-out"
      id={row.id}
      subject={<Amount units={row.amount.units} />}
      status={<CashOutStatus status={row.status} />}
      steps={cashOutSteps(row)}
    />
  )),
];

export function CashOutTable() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.reward.listCashOuts.infiniteQueryOptions(
      { limit: 10 },
      { getNextPageParam: nextPage, refetchInterval: every(4_000) },
    ),
  );
  return (
    <PagedCard
      title="Cash-outs"
      action={<Opener trigger={<Button size="sm">Cash out</Button>}>{(popup) => <CashOutDialog {...popup} />}</Opener>}
      query={query}
      columns={CASH_OUT_COLUMNS}
      rowKey={(row) => row.id}
      skeletonRows={2}
      empty={
        <EmptyState title="No cash-out yet">
          One tap, no fee. It is settled with the next epoch and followed here until it has arrived.
        </EmptyState>
      }
    />
  );
}

const EPOCH_COLUMNS: readonly Column<Epoch>[] = [
  { id: "number", header: "Epoch", cell: (row) => <span className="tabular font-medium">{row.number}</span> },
  { id: "status", header: "Status", cell: (row) => <EpochStatus status={row.status} /> },
  { id: "root", header: "Root", from: "lg", cell: (row) => <Identifier value={row.root} label="root" /> },
  numberColumn("People", (row) => row.people, { from: "sm" }),
  amountColumn("Paid", (row) => row.delta),
  receiptColumn((row) => (
    <ReceiptDrawer
      title="Epoch"
      id={row.root}
      subject={<Amount units={row.cumulativeTotal.units} />}
      status={<EpochStatus status={row.status} />}
      steps={epochSteps(row)}
    />
  )),
];

export function EpochTable() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.reward.listEpochs.infiniteQueryOptions(
      { limit: 10 },
      { getNextPageParam: nextPage, refetchInterval: every(10_000) },
    ),
  );
  return (
    <PagedCard
      title="Epochs"
      description="Everyone’s cash-outs under one root that anyone can check."
      query={query}
      columns={EPOCH_COLUMNS}
      rowKey={(row) => String(row.number)}
      skeletonRows={2}
      empty={<EmptyState title="No epoch yet">The first one closes when somebody has cashed out.</EmptyState>}
    />
  );
}
