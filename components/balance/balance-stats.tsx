"use client";

import { useQuery } from "@tanstack/react-query";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";

export function BalanceStats() {
  const trpc = useTRPC();
  const query = useQuery(trpc.balance.get.queryOptions(undefined, { refetchInterval: 3_000 }));
  if (query.isError && !query.data)
    return <QueryError error={query.error} what="Your balance" onRetry={() => void query.refetch()} />;
  const show = (amount: { units: string; asset: string } | undefined) =>
    amount && <Amount units={amount.units} asset={amount.asset} />;
  return (
    <StatGroup columns={3}>
      <Stat label="Available" value={show(query.data?.available)} detail="What you can spend now" />
      <Stat label="Set aside" value={show(query.data?.reserved)} detail="For things under way; the rest comes back" />
      <Stat label="In all" value={show(query.data?.posted)} detail="Everything posted to you" />
    </StatGroup>
  );
}
