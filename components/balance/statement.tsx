"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { NothingYet, STATEMENT_COLUMNS } from "./statement-columns.tsx";

/** The newest entries of one's own account. */
export function Statement({ limit }: { limit: number }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.balance.listStatement.infiniteQueryOptions(
      { limit },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  return (
    <PagedCard
      title="Statement"
      description="Every posting, with the balance after it. Nothing is ever changed or removed."
      query={query}
      columns={STATEMENT_COLUMNS}
      rowKey={(entry) => entry.id}
      skeletonRows={6}
      empty={<NothingYet />}
    />
  );
}
