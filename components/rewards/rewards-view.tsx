"use client";

import { useQuery } from "@tanstack/react-query";
import { every } from "../api/every.ts";
import { useTRPC } from "../api/trpc.ts";
import { AmountStats } from "../money/amount-stats.tsx";
import { BatchTable, CampaignTable, CashOutTable, EpochTable } from "./reward-tables.tsx";

function Earnings() {
  const trpc = useTRPC();
  const query = useQuery(trpc.reward.getEarnings.queryOptions(undefined, { refetchInterval: every(4_000) }));
  return (
    <AmountStats
      query={query}
      what="Your earnings"
      figures={[
        { label: "Last 24 hours", detail: "Earned and in your balance", amount: (earnings) => earnings.lastDay },
        { label: "Still to earn today", detail: "Over all campaigns", amount: (earnings) => earnings.leftToday },
        { label: "Ever", detail: "Since your first view", amount: (earnings) => earnings.total },
      ]}
    />
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
