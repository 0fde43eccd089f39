"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { LedgerAccountView } from "#core/schemas/explorer.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { Badge } from "../ui/badge.tsx";
import { Card, CardHeader } from "../ui/card.tsx";
import { type Column, DataTable } from "../ui/data-table.tsx";
import type { Definition } from "../ui/definition-list.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Time } from "../ui/time.tsx";
import { RESERVATION_COLUMNS, transferColumns } from "./ledger-columns.tsx";
import { LedgerId } from "./ledger-id.tsx";
import { LedgerObjectCard, Nothing } from "./ledger-object.tsx";

type Cap = LedgerAccountView["caps"][number];
type Shard = LedgerAccountView["shards"][number];

const facts = (account: LedgerAccountView): readonly Definition[] => [
  { term: "Posted", value: <Amount {...account.posted} /> },
  { term: "Reserved", value: <Amount {...account.reserved} /> },
  { term: "Available", value: <Amount {...account.available} className="font-medium" /> },
  {
    term: "Owner",
    value:
      account.ownerId === null ? (
        <Nothing>The platform, or who its code names</Nothing>
      ) : (
        <Identifier value={account.ownerId} label="owner" />
      ),
  },
  { term: "Opened", value: <Time iso={account.createdAt} /> },
  { term: "In batch", value: account.batchId === null ? <Nothing /> : <LedgerId id={account.batchId} /> },
];

const SHARD_COLUMNS: readonly Column<Shard>[] = [
  { id: "code", header: "Shard", cell: ({ code }) => <span className="font-mono text-sm">{code}</span> },
  { id: "reserved", header: "Reserved", align: "right", cell: ({ reserved }) => <Amount {...reserved} /> },
  { id: "posted", header: "Posted", align: "right", cell: ({ posted }) => <Amount {...posted} /> },
];

const days = (ms: number): string => `${Math.round(ms / 360_000) / 10} h`;
const KINDS: Record<Cap["kind"], string> = { window: "In any", lifetime: "Ever", transaction: "At once" };
const units = (cap: Cap, value: string) => <Amount units={value} asset={cap.asset ?? "USD"} />;

const CAP_COLUMNS: readonly Column<Cap>[] = [
  {
    id: "kind",
    header: "Cap",
    cell: ({ kind, windowMs }) => `${KINDS[kind]}${windowMs === null ? "" : ` ${days(windowMs)}`}`,
  },
  { id: "limit", header: "At most", align: "right", cell: (cap) => units(cap, cap.amount) },
  { id: "spent", header: "Spent", align: "right", from: "sm", cell: (cap) => units(cap, cap.spent) },
  { id: "reserved", header: "Reserved", align: "right", from: "sm", cell: (cap) => units(cap, cap.reserved) },
  { id: "left", header: "Left", align: "right", cell: (cap) => units(cap, cap.left) },
];

function Reservations({ code }: { code: string }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.explorer.listOpenReservations.infiniteQueryOptions({ code, limit: 10 }, { getNextPageParam: nextPage }),
  );
  return (
    <PagedCard
      title="Set aside now"
      what="Open reservations"
      query={query}
      columns={RESERVATION_COLUMNS}
      rowKey={({ id }) => id}
      skeletonRows={1}
      empty={<EmptyState title="Nothing is set aside">Open reservations of this account are listed here.</EmptyState>}
    />
  );
}

function Transfers({ code }: { code: string }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.explorer.listAccountTransfers.infiniteQueryOptions({ code, limit: 25 }, { getNextPageParam: nextPage }),
  );
  return (
    <PagedCard
      title="Transfers"
      description="Newest first."
      query={query}
      columns={transferColumns(code)}
      rowKey={({ id }) => id}
      empty={<EmptyState title="Nothing has moved yet">Its transfers appear here with both sides.</EmptyState>}
    />
  );
}

export default function LedgerAccount({ code }: { code: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.explorer.getAccount.queryOptions({ code }));
  return (
    <LedgerObjectCard
      query={query}
      title="Account"
      id={code}
      facts={facts}
      status={({ mayOverdraw }) => mayOverdraw && <Badge>Money outside: may be below zero</Badge>}
    >
      {({ shards, caps }) => (
        <>
          {shards.length > 1 && (
            <Card>
              <CardHeader title="Shards" description="One account, spread over rows so that nobody waits." />
              <DataTable caption="Shards" columns={SHARD_COLUMNS} rows={shards} rowKey={(shard) => shard.code} />
            </Card>
          )}
          {caps.length > 0 && (
            <Card>
              <CardHeader title="Caps" description="What may be spent of it at most." />
              <DataTable caption="Caps" columns={CAP_COLUMNS} rows={caps} rowKey={(cap) => cap.id} />
            </Card>
          )}
          <Reservations code={code} />
          <Transfers code={code} />
        </>
      )}
    </LedgerObjectCard>
  );
}
