"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { AdjustmentView } from "#core/schemas/adjustment.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard, QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { receiptColumn } from "../receipt/receipt-column.tsx";
import { ReceiptDrawer } from "../receipt/receipt-drawer.tsx";
import { Button } from "../ui/button.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Opener } from "../ui/opener.tsx";
import { useAddressValue } from "../ui/use-address-value.ts";
import { AdjustmentStatus } from "./adjustment-status.tsx";
import { adjustmentSteps } from "./adjustment-steps.tsx";
import { AdjustmentTransfers, totalOf } from "./adjustment-transfers.tsx";

const AdminActions = lazy(() => import("./admin-actions.tsx"));
const ProposeDialog = lazy(() => import("./propose-adjustment-dialog.tsx"));
const ApproveDialog = lazy(() => import("./approve-adjustment-dialog.tsx"));
const RejectDialog = lazy(() => import("./reject-adjustment-dialog.tsx"));

function Decide({ adjustment }: { adjustment: AdjustmentView }) {
  const trpc = useTRPC();
  const me = useQuery(trpc.identity.me.queryOptions(undefined, { staleTime: Number.POSITIVE_INFINITY }));
  const { status, decidedBy, proposedBy } = adjustment;
  if (status !== "open")
    return <span className="text-ink-3 text-xs">{decidedBy === null ? "" : `By ${decidedBy.name}`}</span>;
  if (!me.data || me.data.id === proposedBy.id)
    return <span className="text-ink-3 text-xs">{me.data ? "Waits for another admin" : ""}</span>;
  return (
    <span className="flex flex-wrap justify-end gap-2">
      <Opener
        trigger={
          <Button size="sm" variant="ghost">
            Reject
          </Button>
        }
      >
        {(popup) => <RejectDialog {...popup} id={adjustment.id} />}
      </Opener>
      <Opener trigger={<Button size="sm">Review</Button>}>
        {(popup) => <ApproveDialog {...popup} adjustment={adjustment} />}
      </Opener>
    </span>
  );
}

const COLUMNS: readonly Column<AdjustmentView>[] = [
  timeColumn("Proposed", (row) => row.proposedAt, { from: "sm" }),
  {
    id: "what",
    header: "What",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <span className="block font-medium">{row.reason}</span>
        <span className="block text-ink-3 text-xs">
          {row.proposedBy.name}
          {row.reference !== null && `, ${row.reference}`}
        </span>
        <span className="my-1 block md:hidden">
          <AdjustmentStatus status={row.status} />
        </span>
        <AdjustmentTransfers transfers={row.transfers} className="mt-1" />
      </span>
    ),
  },
  { id: "status", header: "Status", from: "md", cell: (row) => <AdjustmentStatus status={row.status} /> },
  { id: "amount", header: "Moves", align: "right", from: "sm", cell: (row) => <Amount units={totalOf(row)} /> },
  { id: "decide", header: "Decision", align: "right", cell: (row) => <Decide adjustment={row} /> },
  receiptColumn((row) => (
    <ReceiptDrawer
      title="Adjustment"
      id={row.id}
      subject={<Amount units={totalOf(row)} />}
      status={<AdjustmentStatus status={row.status} />}
      steps={adjustmentSteps(row)}
    />
  )),
];

/** The one that a link from elsewhere leads to. */
function Wanted({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.adjustment.get.queryOptions({ id }, { refetchInterval: every(5_000) }));
  return (
    <QueryCard
      title="This adjustment"
      query={{ ...query, data: query.data && { data: [query.data] } }}
      columns={COLUMNS}
      rowKey={(row) => row.id}
      skeletonRows={1}
      empty={null}
    />
  );
}

export function AdjustmentsView() {
  const trpc = useTRPC();
  const [wanted] = useAddressValue("id");
  const query = useInfiniteQuery(
    trpc.adjustment.list.infiniteQueryOptions(
      { limit: 20 },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  return (
    <div className="flex flex-col gap-6">
      {wanted !== null && <Wanted key={wanted} id={wanted} />}
      <PagedCard
        title="Adjustments"
        description="Corrections of the ledger, newest first. Nothing moves before a second admin approves."
        action={
          <Opener trigger={<Button variant="primary">Propose</Button>}>
            {(popup) => <ProposeDialog {...popup} />}
          </Opener>
        }
        query={query}
        columns={COLUMNS}
        rowKey={(row) => row.id}
        empty={
          <EmptyState title="Nothing was put right yet">
            A payment to the wrong person, or money that came without a reference, is moved by two admins here: one
            proposes, another approves.
          </EmptyState>
        }
      />
      <Suspense fallback={<CardSkeleton rows={2} />}>
        <AdminActions />
      </Suspense>
    </div>
  );
}
