"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { InferenceView } from "#core/schemas/compute.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { receiptColumn } from "../receipt/receipt-column.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { InferenceReceiptDrawer } from "./inference-receipt.tsx";
import { InferenceStatus } from "./inference-status.tsx";

const COLUMNS: readonly Column<InferenceView>[] = [
  timeColumn("When", (row) => row.createdAt),
  {
    id: "model",
    header: "Model",
    from: "sm",
    cell: (row) => <span className="font-mono">{row.model}</span>,
    skeletonWidth: "w-28",
  },
  { id: "status", header: "Status", cell: (row) => <InferenceStatus status={row.status} /> },
  {
    id: "payer",
    header: "Paid by",
    from: "lg",
    cell: (row) => <span className="text-ink-2">{row.agentId ? "An agent" : "You"}</span>,
  },
  {
    id: "tokens",
    header: "Tokens in / out",
    align: "right",
    from: "md",
    cell: (row) => (
      <span className="tabular">
        {row.promptTokens} / {row.completionTokens ?? "–"}
      </span>
    ),
  },
  {
    id: "first",
    header: "First token",
    align: "right",
    from: "lg",
    cell: (row) =>
      row.firstTokenMs === null ? (
        <span className="text-ink-3">–</span>
      ) : (
        <span className="tabular">{Math.round(row.firstTokenMs)} ms</span>
      ),
  },
  {
    id: "charged",
    header: "Charged",
    align: "right",
    cell: (row) =>
      row.charged === null ? (
        <span className="text-ink-3">
          <Amount units={row.reserved} asset={row.asset} /> held
        </span>
      ) : (
        <Amount units={row.charged} asset={row.asset} />
      ),
  },
  receiptColumn((row) => row.receiptId !== null && <InferenceReceiptDrawer receiptId={row.receiptId} />),
];

export default function Requests() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.compute.listInferences.infiniteQueryOptions(
      { limit: 25 },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  return (
    <PagedCard
      title="Your requests"
      description="What was asked, what arrived, and what exactly it cost."
      query={query}
      what="Requests"
      columns={COLUMNS}
      rowKey={(row) => row.id}
      empty={
        <EmptyState
          title="No request yet"
          action={
            <Link href="/compute?tab=playground" className={buttonClass({ variant: "primary" })}>
              Ask something
            </Link>
          }
        >
          Each completion appears here with its tokens, its price and a signed receipt.
        </EmptyState>
      }
    />
  );
}
