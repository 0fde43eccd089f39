"use client";

import { useQuery } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { every } from "../api/every.ts";
import { useTRPC } from "../api/trpc.ts";
import { BalanceStats } from "../balance/balance-stats.tsx";
import { Statement } from "../balance/statement.tsx";
import { Amount } from "../money/amount.tsx";
import { isOnItsWay } from "../proofs/proof-status.tsx";
import { Card } from "../ui/card.tsx";
import { cn } from "../ui/class-names.ts";
import { Skeleton } from "../ui/skeleton.tsx";

const LIVE_MS = 5_000;

type PillarRowProps = {
  href: string;
  name: string;
  mark: string;
  action: string;
  isBroken: boolean;
  /** One figure after the other; `undefined` holds its place. */
  facts: readonly (ReactNode | undefined)[];
};

function PillarRow({ href, name, mark, facts, action, isBroken }: PillarRowProps) {
  return (
    <li>
      <Link
        href={href}
        className="group grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1 px-4 py-3 transition-colors hover:bg-canvas focus-visible:outline-offset-[-2px] sm:grid-cols-[8rem_1fr_auto]"
      >
        <span className="flex items-center gap-2.5 font-medium">
          <span aria-hidden className={cn("h-4 w-1 rounded-full", mark)} />
          {name}
        </span>
        <span className="tabular order-3 col-span-2 flex flex-wrap gap-x-6 gap-y-1 text-ink-2 text-sm sm:order-none sm:col-span-1">
          {isBroken ? (
            <span className="text-bad">Not readable right now</span>
          ) : (
            facts.map((fact, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: each figure has its place in the row.
              <span key={index}>{fact === undefined ? <Skeleton className="w-24" /> : fact}</span>
            ))
          )}
        </span>
        <span className="flex items-center gap-1 text-ink-3 text-sm group-hover:text-ink">
          {action} <ArrowRight aria-hidden className="size-4" />
        </span>
      </Link>
    </li>
  );
}

type Page<Row> = { data: readonly Row[]; hasMore?: boolean };

/** How many of a page there are, or at least are. */
function count<Row>(
  page: Page<Row> | undefined,
  one: string,
  many: string,
  isMeant: (row: Row) => boolean = () => true,
) {
  if (page === undefined) return undefined;
  const found = page.data.filter(isMeant).length;
  return `${found}${page.hasMore ? "+" : ""} ${found === 1 ? one : many}`;
}

function Pillars() {
  const trpc = useTRPC();
  const live = { refetchInterval: every(LIVE_MS) };
  const models = useQuery(trpc.compute.listModels.queryOptions(undefined, live));
  const requests = useQuery(trpc.compute.listInferences.queryOptions({ limit: 100 }, live));
  const agents = useQuery(trpc.agent.listAgents.queryOptions({ limit: 100 }, live));
  const proofs = useQuery(trpc.proof.list.queryOptions({ limit: 100 }, live));
  const earnings = useQuery(trpc.reward.getEarnings.queryOptions(undefined, live));
  return (
    <Card>
      <h2 className="sr-only">The four pillars</h2>
      <ul className="divide-y divide-line">
        <PillarRow
          href="/compute"
          name="Compute"
          mark="bg-compute"
          action="Ask"
          isBroken={models.isError || requests.isError}
          facts={[
            count(models.data, "model served", "models served"),
            count(requests.data, "request of yours", "requests of yours"),
          ]}
        />
        <PillarRow
          href="/agents"
          name="Agents"
          mark="bg-agents"
          action="Manage"
          isBroken={agents.isError}
          facts={[
            count(agents.data, "active", "active", ({ status }) => status === "active"),
            count(agents.data, "paused", "paused", ({ status }) => status === "paused"),
          ]}
        />
        <PillarRow
          href="/proofs"
          name="Proofs"
          mark="bg-proofs"
          action="Prove"
          isBroken={proofs.isError}
          facts={[
            count(proofs.data, "recorded", "recorded", ({ status }) => status === "recorded"),
            count(proofs.data, "under way", "under way", isOnItsWay),
          ]}
        />
        <PillarRow
          href="/rewards"
          name="Rewards"
          mark="bg-rewards"
          action="Earn"
          isBroken={earnings.isError}
          facts={[
            earnings.data && (
              <>
                <Amount {...earnings.data.lastDay} /> in 24 hours
              </>
            ),
            earnings.data && (
              <>
                <Amount {...earnings.data.leftToday} /> still to earn
              </>
            ),
          ]}
        />
      </ul>
    </Card>
  );
}

export function OverviewView() {
  return (
    <div className="flex flex-col gap-6">
      <BalanceStats />
      <Pillars />
      <Statement limit={10} />
    </div>
  );
}
