"use client";

import { lazy, Suspense } from "react";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { BalanceStats } from "./balance-stats.tsx";
import { FilteredStatement } from "./filtered-statement.tsx";

const Withdrawals = lazy(() => import("./withdrawals.tsx"));
const WithdrawalAddresses = lazy(() => import("./withdrawal-addresses.tsx"));
const Deposits = lazy(() => import("./deposits.tsx"));

export function BalanceView() {
  return (
    <div className="flex flex-col gap-6">
      <BalanceStats />
      <FilteredStatement />
      <div className="grid grid-cols-1 items-start gap-6 *:min-w-0 lg:grid-cols-2">
        <div className="flex flex-col gap-6">
          <Suspense fallback={<CardSkeleton rows={2} />}>
            <Withdrawals />
          </Suspense>
          <Suspense fallback={<CardSkeleton rows={2} />}>
            <WithdrawalAddresses />
          </Suspense>
        </div>
        <Suspense fallback={<CardSkeleton rows={4} />}>
          <Deposits />
        </Suspense>
      </div>
    </div>
  );
}
