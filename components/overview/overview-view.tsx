"use client";

import { useQuery } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useTRPC } from "../api/trpc.ts";
import { BalanceStats } from "../balance/balance-stats.tsx";
import { Statement } from "../balance/statement.tsx";
import { Amount } from "../money/amount.tsx";
import { Card } from "../ui/card.tsx";
import { cn } from "../ui/class-names.ts";
import { Skeleton } from "../ui/skeleton.tsx";

const LIVE_MS = 5_000;

type PillarRowProps = {
  href: string;
  name: string;
  mark: string;
  children: ReactNode;
  action: string;
  isBroken: boolean;
};

function PillarRow({ href, name, mark, children, action, isBroken }: PillarRowProps) {
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
          {isBroken ? <span className="text-bad">Not readable right now</span> : children}
        </span>
        <span className="flex items-center gap-1 text-ink-3 text-sm group-hover:text-ink">
          {action} <ArrowRight aria-hidden className="size-4" />
        </span>
      </Link>
    </li>
  );
}

/** One figure of a pillar; `undefined` holds its place. */
const Fact = ({ value }: { value: ReactNode | undefined }) => (
  <span>{value === undefined ? <Skeleton className="w-24" /> : value}</span>
);

const count = (value: number, one: string, many: string): string => `${value} ${value === 1 ? one : many}`;

function Pillars() {
  const trpc = useTRPC();
  const live = { refetchInterval: LIVE_MS };
  const models = useQuery(trpc.compute.listModels.queryOptions(undefined, live));
  const requests = useQuery(trpc.compute.listInferences.queryOptions({ limit: 100 }, live));
  const agents = useQuery(trpc.agent.listAgents.queryOptions({ limit: 100 }, live));
  const proofs = useQuery(trpc.proof.list.queryOptions({ limit: 100 }, live));
  const earnings = useQuery(trpc.reward.getEarnings.queryOptions(undefined, live));
  const more = (page: { hasMore: boolean } | undefined) => (page?.hasMore ? "+" : "");
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
        >
          <Fact value={models.data && count(models.data.data.length, "model served", "models served")} />
          <Fact
            value={
              requests.data &&
              `${requests.data.data.length}${more(requests.data)} ${requests.data.data.length === 1 ? "request" : "requests"} of yours`
            }
          />
        </PillarRow>
        <PillarRow href="/agents" name="Agents" mark="bg-agents" action="Manage" isBroken={agents.isError}>
          <Fact
            value={
              agents.data &&
              count(agents.data.data.filter((agent) => agent.status === "active").length, "active", "active")
            }
          />
          <Fact
            value={
              agents.data &&
              count(agents.data.data.filter((agent) => agent.status === "paused").length, "paused", "paused")
            }
          />
        </PillarRow>
        <PillarRow href="/proofs" name="Proofs" mark="bg-proofs" action="Prove" isBroken={proofs.isError}>
          <Fact
            value={
              proofs.data &&
              count(proofs.data.data.filter((proof) => proof.status === "recorded").length, "recorded", "recorded")
            }
          />
          <Fact
            value={
              proofs.data &&
              count(
                proofs.data.data.filter((proof) => proof.status !== "recorded" && proof.status !== "failed").length,
                "under way",
                "under way",
              )
            }
          />
        </PillarRow>
        <PillarRow href="/rewards" name="Rewards" mark="bg-rewards" action="Earn" isBroken={earnings.isError}>
          <Fact
            value={
              earnings.data && (
                <>
                  <Amount units={earnings.data.lastDay.units} /> in 24 hours
                </>
              )
            }
          />
          <Fact
            value={
              earnings.data && (
                <>
                  <Amount units={earnings.data.leftToday.units} /> still to earn
                </>
              )
            }
          />
        </PillarRow>
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
