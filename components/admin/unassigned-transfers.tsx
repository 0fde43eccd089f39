"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { lazy } from "react";
import type { UnassignedTransferView } from "#core/schemas/withdrawal.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn, timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";
import { LedgerId } from "./ledger-id.tsx";

const ProposeDialog = lazy(() => import("./propose-adjustment-dialog.tsx"));

const why = (row: UnassignedTransferView): string => {
  if (!row.isVaultToken) return "Another token";
  return row.reason === "no-deposit" ? "Sent without a reference" : "Unknown reference";
};

/** Unclaimed dollars are given to somebody by an adjustment: one admin proposes it here, another approves it. */
function CreditTo({ row }: { row: UnassignedTransferView }) {
  if (!row.isVaultToken) return null;
  if (row.proposal !== null) return <LedgerId id={row.proposal} />;
  const preset = {
    debit: "platform:unclaimed",
    units: row.amount,
    source: { kind: "unassigned" as const, transactionHash: row.transactionHash, logIndex: row.logIndex },
    reason: "Your transfer to the Vault came without a reference",
  };
  return (
    <Opener trigger={<Button size="sm">Credit to…</Button>}>
      {(popup) => <ProposeDialog {...popup} preset={preset} />}
    </Opener>
  );
}

const COLUMNS: readonly Column<UnassignedTransferView>[] = [
  timeColumn("When", (row) => row.at, { from: "sm" }),
  { id: "why", header: "Why", cell: why },
  { id: "from", header: "From", from: "sm", cell: (row) => <Identifier value={row.from} label="sender" /> },
  {
    id: "transaction",
    header: "Transaction",
    from: "lg",
    cell: (row) => <Identifier value={row.transactionHash} label="transaction" />,
  },
  {
    id: "amount",
    header: "Amount",
    align: "right",
    cell: (row) =>
      row.isVaultToken ? (
        <Amount units={row.amount} />
      ) : (
        <span className="block">
          <span className="tabular block break-all">{row.amount} base units</span>
          <Identifier value={row.token} label="token" />
        </span>
      ),
  },
  actionColumn((row) => <CreditTo row={row} />),
];

/** What reached the vault and cannot be credited to anybody. */
export default function UnassignedTransfers() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.admin.listUnassignedTransfers.infiniteQueryOptions(
      { limit: 20 },
      { getNextPageParam: nextPage, refetchInterval: every(15_000) },
    ),
  );
  return (
    <PagedCard
      title="Unassigned in the vault"
      description="Came without a deposit or under an unknown reference. Dollars are counted as unclaimed."
      query={query}
      what="Unassigned transfers"
      columns={COLUMNS}
      rowKey={(row) => `${row.transactionHash}:${row.logIndex}`}
      skeletonRows={1}
      empty={<EmptyState title="Everything is assigned">What nobody can be credited with is listed here.</EmptyState>}
    />
  );
}
