import type { Metadata } from "next";
import Link from "next/link";
import { RewardsView } from "#components/rewards/rewards-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { buttonClass } from "#components/ui/button-class.ts";

export const metadata: Metadata = { title: "Rewards" };

export default function RewardsPage() {
  return (
    <>
      <PageHeader
        mark="bg-rewards"
        title="Rewards"
        description="Attention, counted once and paid as it is given."
        action={
          <Link href="/feed" className={buttonClass({ variant: "primary" })}>
            Open the feed
          </Link>
        }
      />
      <RewardsView />
    </>
  );
}
