"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiOutput } from "../api/api-types.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { amountColumn } from "../money/amount-column.tsx";
import { numberColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Select } from "../ui/select.tsx";
import { LedgerId } from "./ledger-id.tsx";

type Row = ApiOutput["explorer"]["listAccounts"]["data"][number];

const ROOMS = [
  { value: "platform:", label: "The platform’s" },
  { value: "user:", label: "People’s" },
  { value: "agent:", label: "Agents’" },
  { value: "campaign:", label: "Campaigns’" },
  { value: "escrow:", label: "Escrows’" },
  { value: "", label: "All" },
] as const;

const COLUMNS: readonly Column<Row>[] = [
  { id: "code", header: "Account", cell: ({ code }) => <LedgerId id={code} /> },
  numberColumn("Shards", ({ shardCount }) => (shardCount > 1 ? shardCount : null), { from: "lg" }),
  amountColumn("Posted", (row) => row.posted, { from: "md" }),
  amountColumn("Reserved", (row) => row.reserved, { from: "md" }),
  amountColumn("Available", (row) => row.available),
];

/** Accounts by whose they are, in the order of their codes. */
export default function LedgerAccounts() {
  const trpc = useTRPC();
  const [prefix, setPrefix] = useState<string>(ROOMS[0].value);
  const query = useInfiniteQuery(
    trpc.explorer.listAccounts.infiniteQueryOptions({ limit: 25, prefix }, { getNextPageParam: nextPage }),
  );
  return (
    <PagedCard
      title="Accounts"
      description="Every balance of the platform is one of these."
      action={<Select label="Whose accounts" value={prefix} options={ROOMS} onValueChange={setPrefix} />}
      query={query}
      columns={COLUMNS}
      rowKey={({ code }) => code}
      skeletonRows={6}
      empty={<EmptyState title="None of these yet">An account is made with its first owner.</EmptyState>}
    />
  );
}
