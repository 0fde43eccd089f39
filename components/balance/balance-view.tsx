"use client";

import { lazy, Suspense } from "react";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { TabPanel, Tabs } from "../ui/tabs.tsx";
import { useAddressValue } from "../ui/use-address-value.ts";
import { BalanceStats } from "./balance-stats.tsx";
import { FilteredStatement } from "./filtered-statement.tsx";

const Withdrawals = lazy(() => import("./withdrawals.tsx"));
const WithdrawalAddresses = lazy(() => import("./withdrawal-addresses.tsx"));
const Deposits = lazy(() => import("./deposits.tsx"));
const Limits = lazy(() => import("../limits/limits.tsx"));

const TABS = [
  { value: "money", label: "Money" },
  { value: "limits", label: "Limits" },
] as const;

function Money() {
  return (
    <div className="flex flex-col gap-6">
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

export function BalanceView() {
  const [wanted, setWanted] = useAddressValue("tab");
  const tab = TABS.find(({ value }) => value === wanted)?.value ?? "money";
  return (
    <div className="flex flex-col gap-6">
      <BalanceStats />
      <div>
        <Tabs label="Balance" tabs={TABS} value={tab} onValueChange={setWanted}>
          <TabPanel value="money">
            <Money />
          </TabPanel>
          <TabPanel value="limits">
            <Suspense fallback={<CardSkeleton rows={3} />}>
              <Limits />
            </Suspense>
          </TabPanel>
        </Tabs>
      </div>
    </div>
  );
}
