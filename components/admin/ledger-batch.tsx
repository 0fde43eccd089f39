"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { ApiOutput } from "../api/api-types.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { StatusBadge } from "../ui/badge.tsx";
import { Card, CardHeader } from "../ui/card.tsx";
import { DataTable } from "../ui/data-table.tsx";
import type { Definition } from "../ui/definition-list.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Time } from "../ui/time.tsx";
import { RESERVATION_COLUMNS, transferColumns } from "./ledger-columns.tsx";
import { LedgerId } from "./ledger-id.tsx";
import { LedgerObjectCard, Nothing } from "./ledger-object.tsx";

type Batch = ApiOutput["explorer"]["getBatch"];

const hash = (value: string | null, label: string) =>
  value === null ? <Nothing>Not sealed yet</Nothing> : <Identifier value={value} label={label} head={12} tail={8} />;
const neighbour = (link: Batch["previous"]) => (link === null ? <Nothing /> : <LedgerId id={link.id} />);

const facts = (batch: Batch): readonly Definition[] => [
  { term: "Posted", value: <Time iso={batch.postedAt} /> },
  { term: "Link of the chain", value: batch.link ?? <Nothing>Not sealed yet</Nothing> },
  { term: "Digest of its rows", value: hash(batch.digest, "digest") },
  { term: "Hash", value: hash(batch.hash, "hash") },
  { term: "Link before", value: neighbour(batch.previous) },
  { term: "Hash before", value: batch.previous ? hash(batch.previous.hash, "hash before") : <Nothing /> },
  { term: "Link after", value: neighbour(batch.next) },
  {
    term: "Anchored at the Vault",
    value: batch.epoch ? (
      <span>
        Epoch {batch.epoch.number} <Identifier value={batch.epoch.root} label="root" head={10} tail={6} />
      </span>
    ) : (
      <Nothing>With the next root</Nothing>
    ),
  },
];

function Rows({ batch }: { batch: Batch }) {
  const { accounts, opened, closed, capChanges, isCut } = batch;
  const lists = [
    ["Reservations it opened", opened],
    ["Reservations it closed", closed],
  ] as const;
  return (
    <>
      {lists.map(
        ([title, rows]) =>
          rows.length > 0 && (
            <Card key={title}>
              <CardHeader title={title} />
              <DataTable caption={title} columns={RESERVATION_COLUMNS} rows={rows} rowKey={({ id }) => id} />
            </Card>
          ),
      )}
      {accounts.length > 0 && (
        <Card>
          <CardHeader title="Accounts it opened" />
          <ul className="flex flex-wrap gap-x-4 gap-y-2 p-4">
            {accounts.map((code) => (
              <li key={code}>
                <LedgerId id={code} />
              </li>
            ))}
          </ul>
        </Card>
      )}
      {capChanges.length > 0 && (
        <Card>
          <CardHeader title="Caps it changed" description={capChanges.map(({ capId }) => capId).join(", ")} />
        </Card>
      )}
      {isCut && <p className="text-ink-3 text-sm">It is larger than what is listed here.</p>}
    </>
  );
}

function Transfers({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.explorer.listBatchTransfers.infiniteQueryOptions({ id, limit: 50 }, { getNextPageParam: nextPage }),
  );
  return (
    <PagedCard
      title="Transfers"
      query={query}
      columns={transferColumns()}
      rowKey={(row) => row.id}
      skeletonRows={2}
      empty={<EmptyState title="No transfers">This batch opened or closed something else.</EmptyState>}
    />
  );
}

export default function LedgerBatch({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.explorer.getBatch.queryOptions({ id }));
  return (
    <LedgerObjectCard
      query={query}
      title="Batch"
      id={id}
      facts={facts}
      status={({ link }) => (
        <StatusBadge kind={link === null ? "busy" : "ok"}>{link === null ? "Not sealed yet" : "Sealed"}</StatusBadge>
      )}
    >
      {(batch) => (
        <>
          <Transfers id={id} />
          <Rows batch={batch} />
        </>
      )}
    </LedgerObjectCard>
  );
}
