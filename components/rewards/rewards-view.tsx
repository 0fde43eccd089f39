"use client";

import { useQuery } from "@tanstack/react-query";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";
import { BatchTable, CampaignTable, CashOutTable, EpochTable } from "./reward-tables.tsx";

function Earnings() {
  const trpc = useTRPC();
  const query = useQuery(trpc.reward.getEarnings.queryOptions(undefined, { refetchInterval: 4_000 }));
  if (query.isError && !query.data)
    return <QueryError error={query.error} what="Your earnings" onRetry={() => void query.refetch()} />;
  const show = (amount: { units: string } | undefined) => amount && <Amount units={amount.units} />;
  return (
    <StatGroup columns={3}>
      <Stat label="Last 24 hours" value={show(query.data?.lastDay)} detail="Earned and in your balance" />
      <Stat label="Still to earn today" value={show(query.data?.leftToday)} detail="Over all campaigns" />
      <Stat label="Ever" value={show(query.data?.total)} detail="Since your first view" />
    </StatGroup>
  );
}

export function RewardsView() {
  return (
    <div className="flex flex-col gap-6">
      <Earnings />
      <CampaignTable />
      <BatchTable />
      <div className="grid grid-cols-1 items-start gap-6 *:min-w-0 lg:grid-cols-2">
        <CashOutTable />
        <EpochTable />
      </div>
    </div>
  );
}
