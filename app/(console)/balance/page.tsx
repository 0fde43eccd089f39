import type { Metadata } from "next";
import { BalanceView } from "#components/balance/balance-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";

export const metadata: Metadata = { title: "Balance" };

export default function BalancePage() {
  return (
    <>
      <PageHeader title="Balance" description="What you have, what is set aside, and every posting that made it so." />
      <BalanceView />
    </>
  );
}
