"use client";

import { useQuery } from "@tanstack/react-query";
import { formatUnits } from "viem/utils";
import { bpsText } from "#core/market/market-view.ts";
import type { PortfolioView } from "#core/schemas/strategy.ts";
import { every } from "../api/every.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import type { Column } from "../ui/data-table.tsx";

type Holding = PortfolioView["data"][number];

const NO_PRICE = <span className="text-ink-3">–</span>;

const COLUMNS: readonly Column<Holding>[] = [
  { id: "token", header: "Token", cell: (row) => <span className="font-medium">{row.symbol}</span> },
  {
    id: "amount",
    header: "Amount",
    align: "right",
    cell: (row) => <span className="tabular break-all">{formatUnits(BigInt(row.amount), row.decimals)}</span>,
  },
  {
    id: "worth",
    header: "Worth",
    align: "right",
    from: "sm",
    cell: (row) => (row.value === null ? NO_PRICE : <Amount units={row.value} />),
  },
  {
    id: "share",
    header: "Share",
    align: "right",
    cell: (row) =>
      row.shareBps === null ? NO_PRICE : <span className="tabular">{bpsText(BigInt(row.shareBps))}</span>,
  },
];

/** What an agent's account has of everything that is traded, at the feeds' prices, of ether and of what its limits name. */
export default function Holdings({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.strategy.portfolio.queryOptions({ id }, { retry: false, refetchInterval: every(10_000) }),
  );
  return (
    <QueryCard
      title="What it holds"
      description="In its account on the chain, at the feeds' prices."
      query={query}
      columns={COLUMNS}
      rowKey={(row) => row.token}
      empty={null}
      skeletonRows={3}
      action={
        query.data && (
          <span className="text-ink-2 text-sm">
            <Amount units={query.data.value} /> in all
          </span>
        )
      }
    />
  );
}
