import { ShieldCheck } from "lucide-react";
import type { Metadata } from "next";
import Link from "next/link";
import { BalanceView } from "#components/balance/balance-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { buttonClass } from "#components/ui/button-class.ts";

export const metadata: Metadata = { title: "Balance" };

export default function BalancePage() {
  return (
    <>
      <PageHeader
        title="Balance"
        description="What you have, what is set aside, and every posting that made it so."
        action={
          <Link href="/verify/balance" className={buttonClass()}>
            <ShieldCheck aria-hidden /> Verify it yourself
          </Link>
        }
      />
      <BalanceView />
    </>
  );
}
