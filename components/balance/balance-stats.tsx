"use client";

import { useQuery } from "@tanstack/react-query";
import { every } from "../api/every.ts";
import { useTRPC } from "../api/trpc.ts";
import { AmountStats } from "../money/amount-stats.tsx";

export function BalanceStats() {
  const trpc = useTRPC();
  const query = useQuery(trpc.balance.get.queryOptions(undefined, { refetchInterval: every(3_000) }));
  return (
    <AmountStats
      query={query}
      what="Your balance"
      figures={[
        { label: "Available", detail: "What you can spend now", amount: (balance) => balance.available },
        {
          label: "Set aside",
          detail: "For things under way; the rest comes back",
          amount: (balance) => balance.reserved,
        },
        { label: "In all", detail: "Everything posted to you", amount: (balance) => balance.posted },
      ]}
    />
  );
}
