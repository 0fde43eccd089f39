"use client";

import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { AgentDetail as Agent } from "#core/schemas/agent.ts";
import { every } from "../api/every.ts";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { PageHeader, PendingTitle } from "../shell/page-header.tsx";
import { Card } from "../ui/card.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Meter } from "../ui/meter.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";
import { ActivityTable } from "./activity-table.tsx";
import { AgentActions } from "./agent-actions.tsx";
import { AgentStatus } from "./agent-status.tsx";
import { PolicyCard } from "./policy-card.tsx";
import { shareOf } from "./share-of.ts";
import { windowWord } from "./window-word.ts";

const Holdings = lazy(() => import("./holdings.tsx"));
const Strategies = lazy(() => import("./strategies.tsx"));
const Purchases = lazy(() => import("./purchases.tsx"));
const Breakers = lazy(() => import("./breakers.tsx"));
const PolicyVersions = lazy(() => import("./policy-versions.tsx"));
const Limits = lazy(() => import("../limits/limits.tsx"));

function Money({ agent }: { agent: Agent | undefined }) {
  const share = agent ? shareOf(agent.spentInWindow.units, agent.policy.windowCap.units) : 0;
  return (
    <StatGroup columns={3}>
      <Stat
        label={agent ? `Spent in ${windowWord(agent.policy.windowSeconds)}` : "Spent"}
        mark="bg-agents"
        value={
          agent && (
            <>
              <Amount units={agent.spentInWindow.units} />{" "}
              <span className="text-base text-ink-3">
                of <Amount units={agent.policy.windowCap.units} />
              </span>
            </>
          )
        }
        detail={
          agent && (
            <Meter
              share={share}
              label="Spent in the window"
              valueText={`${Math.round(share * 100)} %`}
              tone="bg-agents"
              className="mt-2"
            />
          )
        }
      />
      <Stat
        label="In its account"
        value={agent && <Amount units={agent.accountBalance.units} />}
        detail="On the chain, under its limits"
      />
      <Stat
        label="In its balance here"
        value={agent && <Amount units={agent.ledgerBalance.units} />}
        detail="For inference"
      />
    </StatGroup>
  );
}

export function AgentDetail({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.agent.getAgent.queryOptions({ id }, { refetchInterval: every(3_000) }));
  if (query.isError && !query.data)
    return (
      <Card>
        <QueryError error={query.error} what="The agent" onRetry={() => void query.refetch()} />
      </Card>
    );
  const agent = query.data;
  return (
    <>
      <PageHeader
        mark="bg-agents"
        title={
          agent ? (
            <span className="flex min-w-0 flex-wrap items-center gap-3">
              {agent.name} <AgentStatus status={agent.status} />
            </span>
          ) : (
            <PendingTitle />
          )
        }
        description={<Identifier value={id} label="agent id" head={14} tail={6} />}
        action={agent && <AgentActions agent={agent} />}
      />
      <div className="flex flex-col gap-6">
        <Money agent={agent} />
        {agent && agent.status !== "awaiting-owner" && (
          <Suspense fallback={<CardSkeleton rows={3} />}>
            <Strategies id={id} />
            <Holdings id={id} />
          </Suspense>
        )}
        <ActivityTable agentId={id} />
        {agent && agent.status !== "awaiting-owner" && (
          <Suspense fallback={<CardSkeleton rows={2} />}>
            <Purchases agent={agent} />
          </Suspense>
        )}
        {agent ? <PolicyCard agent={agent} /> : <CardSkeleton rows={6} />}
        {agent && (
          <Suspense fallback={<CardSkeleton rows={3} />}>
            <PolicyVersions id={id} isChangeable={agent.status === "active" || agent.status === "paused"} />
          </Suspense>
        )}
        {agent && agent.status !== "awaiting-owner" && (
          <Suspense fallback={<CardSkeleton rows={4} />}>
            <Breakers id={id} />
          </Suspense>
        )}
        <Suspense fallback={<CardSkeleton rows={2} />}>
          <Limits
            fixed={{ kind: "agent", id }}
            title="Limits on its balance here"
            description="What it may spend of the money it has on the platform, such as for completions."
          />
        </Suspense>
      </div>
    </>
  );
}
