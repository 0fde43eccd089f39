"use client";

import { BalanceStats } from "./balance-stats.tsx";
import { Deposits } from "./deposits.tsx";
import { Statement } from "./statement.tsx";
import { WithdrawalAddresses } from "./withdrawal-addresses.tsx";
import { Withdrawals } from "./withdrawals.tsx";

export function BalanceView() {
  return (
    <div className="flex flex-col gap-6">
      <BalanceStats />
      <Statement />
      <div className="grid grid-cols-1 items-start gap-6 *:min-w-0 lg:grid-cols-2">
        <div className="flex flex-col gap-6">
          <Withdrawals />
          <WithdrawalAddresses />
        </div>
        <Deposits />
      </div>
    </div>
  );
}
