"use client";

import { useQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { useRouter, useSearchParams } from "next/navigation";
import { type FormEvent, lazy, Suspense, useState } from "react";
import type { LedgerMatch } from "#core/schemas/explorer.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Button } from "../ui/button.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Input } from "../ui/input.tsx";
import { LedgerId } from "./ledger-id.tsx";

const LedgerAccounts = lazy(() => import("./ledger-accounts.tsx"));
const LedgerAccount = lazy(() => import("./ledger-account.tsx"));
const LedgerTransfer = lazy(() => import("./ledger-transfer.tsx"));
const LedgerReservation = lazy(() => import("./ledger-reservation.tsx"));
const LedgerBatch = lazy(() => import("./ledger-batch.tsx"));

const MATCH_COLUMNS: readonly Column<LedgerMatch>[] = [
  { id: "what", header: "What", cell: ({ label }) => label },
  { id: "id", header: "Identifier", align: "right", cell: ({ id }) => <LedgerId id={id} isFull /> },
];

function LedgerObject({ id }: { id: string }) {
  if (id.startsWith("txf_")) return <LedgerTransfer id={id} />;
  if (id.startsWith("rsv_")) return <LedgerReservation id={id} />;
  if (id.startsWith("bat_")) return <LedgerBatch id={id} />;
  return <LedgerAccount code={id} />;
}

function Matches({ query }: { query: string }) {
  const trpc = useTRPC();
  const search = useQuery(trpc.explorer.search.queryOptions({ query }));
  const [only, ...others] = search.data?.data ?? [];
  if (only && others.length === 0 && only.kind !== "adjustment") return <LedgerObject key={only.id} id={only.id} />;
  return (
    <QueryCard
      title={`Found for “${query.length > 40 ? `${query.slice(0, 40)}…` : query}”`}
      what="Matches"
      query={search}
      columns={MATCH_COLUMNS}
      rowKey={({ kind, id }) => `${kind} ${id}`}
      skeletonRows={1}
      empty={
        <EmptyState title="Nothing by that name" example={"user:usr_…\ntxf_1042\nbat_77\nplatform:"}>
          An account’s code or its beginning, a person’s id, the id of a transfer, a reservation or a batch, a key, or a
          hash.
        </EmptyState>
      }
    />
  );
}

/** The ledger from any identifier to the next; what is shown stands in the address. */
export function LedgerView() {
  const router = useRouter();
  const params = useSearchParams();
  const at = params.get("at");
  const query = params.get("q");
  const [text, setText] = useState(query ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = text.trim();
    router.push(wanted === "" ? "/admin/ledger" : `/admin/ledger?q=${encodeURIComponent(wanted)}`);
  };
  return (
    <div className="flex flex-col gap-6">
      <form aria-label="Search the ledger" onSubmit={submit} className="flex gap-2">
        <Input
          type="search"
          aria-label="Search the ledger"
          placeholder="Account, id, key or hash"
          maxLength={300}
          autoComplete="off"
          spellCheck={false}
          className="font-mono"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" variant="primary">
          <Search aria-hidden /> Search
        </Button>
      </form>
      <Suspense fallback={<CardSkeleton rows={6} />}>
        {at !== null ? (
          <LedgerObject key={at} id={at} />
        ) : query !== null ? (
          <Matches key={query} query={query} />
        ) : (
          <LedgerAccounts />
        )}
      </Suspense>
    </div>
  );
}
