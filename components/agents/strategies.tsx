"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { MarketOutput, StrategyView } from "#core/schemas/strategy.ts";
import { every } from "../api/every.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Badge, StatusWord } from "../ui/badge.tsx";
import { buttonClass } from "../ui/button-class.ts";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Time } from "../ui/time.tsx";
import { STRATEGY_STATES, settingsWords } from "./strategy-words.ts";

const columnsOf = (market: MarketOutput | null): readonly Column<StrategyView>[] => [
  {
    id: "strategy",
    header: "Strategy",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <Link
          href={`/agents/${row.agentId}/strategies/${row.id}`}
          className="rounded-sm font-medium underline decoration-line underline-offset-4 hover:decoration-ink"
        >
          {row.name}
        </Link>
        <span className="line-clamp-2 text-ink-3 text-xs">{settingsWords(row.settings, market)}</span>
      </span>
    ),
  },
  {
    id: "last",
    header: "Last decision",
    from: "md",
    cell: (row) =>
      row.lastWhy === null ? (
        <span className="text-ink-3">–</span>
      ) : (
        <span className="block py-1 text-sm">
          <span className="line-clamp-2">{row.lastWhy}</span>
          {row.lastAt !== null && <Time iso={row.lastAt} className="text-ink-3 text-xs" />}
        </span>
      ),
  },
  {
    id: "mode",
    header: "Mode",
    cell: (row) => (row.mode === "live" ? <Badge tone="ok">Live</Badge> : <Badge tone="outline">Dry run</Badge>),
  },
  {
    id: "state",
    header: "State",
    from: "sm",
    cell: (row) => <StatusWord words={STRATEGY_STATES} status={row.status} />,
  },
];

/** What the agent does by itself. */
export default function Strategies({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.strategy.list.queryOptions({ id }, { refetchInterval: every(5_000) }));
  const market = useQuery(trpc.strategy.market.queryOptions(undefined, { retry: false })).data ?? null;
  const link = (
    <Link href={`/agents/${id}/strategies/new`} className={buttonClass()}>
      New strategy
    </Link>
  );
  return (
    <QueryCard
      title="What it does by itself"
      description="Rules or a goal. Its limits stand outside of both."
      query={query}
      columns={columnsOf(market)}
      rowKey={(row) => row.id}
      action={query.data && query.data.data.length > 0 ? link : undefined}
      skeletonRows={2}
      empty={
        <EmptyState title="Nothing yet" action={link}>
          Let it keep shares of a treasury, buy again and again, watch a price, pay bills, or follow a goal that a model
          works on. Try it on the past and in a dry run first.
        </EmptyState>
      }
    />
  );
}
