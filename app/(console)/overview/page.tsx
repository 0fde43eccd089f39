import type { Metadata } from "next";
import Link from "next/link";
import { OverviewView } from "#components/overview/overview-view.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { buttonClass } from "#components/ui/button-class.ts";

export const metadata: Metadata = { title: "Overview" };

export default function OverviewPage() {
  return (
    <>
      <PageHeader
        title="Overview"
        description="Your money, and the four pillars it moves between."
        action={
          <Link href="/tour" className={buttonClass({ variant: "secondary" })}>
            Take the tour
          </Link>
        }
      />
      <OverviewView />
    </>
  );
}
