"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy } from "react";
import type { PurchaseView } from "#core/schemas/purchase.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";
import { Time } from "../ui/time.tsx";

const FundDialog = lazy(() => import("./fund-dialog.tsx"));

const STATES: StatusWords<PurchaseView["status"]> = {
  asking: ["busy", "Asking"],
  authorized: ["busy", "Not known yet"],
  paid: ["ok", "Paid"],
  free: ["idle", "Was free"],
  refused: ["bad", "Refused"],
  "not-paid": ["idle", "Not paid"],
};

const COLUMNS: readonly Column<PurchaseView>[] = [
  timeColumn("When", (row) => row.createdAt, { from: "sm" }),
  {
    id: "what",
    header: "What",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <span className="block break-all font-mono text-xs">
          {row.method} {row.url}
        </span>
        <Time iso={row.createdAt} className="text-ink-3 text-xs sm:hidden" />
        {row.refusal && (
          <span className="block text-ink-2 text-sm">
            {row.refusal.rule}: {row.refusal.fix}
          </span>
        )}
      </span>
    ),
  },
  {
    id: "to",
    header: "To",
    from: "lg",
    cell: (row) =>
      row.payTo === null ? <span className="text-ink-3">–</span> : <Identifier value={row.payTo} label="payee" />,
  },
  {
    id: "transaction",
    header: "Transaction",
    from: "lg",
    cell: (row) =>
      row.transactionHash ? (
        <Identifier value={row.transactionHash} label="transaction hash" />
      ) : (
        <span className="text-ink-3">–</span>
      ),
  },
  { id: "state", header: "State", cell: (row) => <StatusWord words={STATES} status={row.status} /> },
  {
    id: "amount",
    header: "Amount",
    align: "right",
    cell: (row) => (row.amount === null ? <span className="text-ink-3">–</span> : <Amount units={row.amount} />),
  },
];

/** What the agent bought by x402, and its purse. */
export default function Purchases({ agent }: { agent: { id: string; name: string } }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.purchase.list.infiniteQueryOptions(
      { id: agent.id, limit: 20 },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  return (
    <PagedCard
      title="What it bought"
      description="Answers of others, paid by x402 from its purse."
      query={query}
      what="Purchases"
      columns={COLUMNS}
      rowKey={(row) => row.id}
      action={
        <Opener trigger={<Button>Fill its purse</Button>}>
          {(popup) => <FundDialog {...popup} agent={agent} to="purse" />}
        </Opener>
      }
      empty={
        <EmptyState
          title="Nothing yet"
          example={'POST /api/v1/agents/…/purchases\n{"url": "https://…", "unitsMax": "50000"}'}
        >
          Allow purchases among its limits, name who may be paid, and fill its purse. Each purchase is one payment,
          whatever the seller answers.
        </EmptyState>
      }
    />
  );
}
