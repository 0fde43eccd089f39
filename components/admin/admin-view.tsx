"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { ApiOutput } from "../api/api-types.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { QueryError } from "../api/query-error.tsx";
import { PagedCard, QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { amountColumn } from "../money/amount-column.tsx";
import { StatusBadge } from "../ui/badge.tsx";
import { Card } from "../ui/card.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { numberColumn, timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";
import { AgentHalt } from "./agent-halt.tsx";
import { ReconciliationLine } from "./reconciliation-line.tsx";
import { SolvencyLine } from "./solvency-line.tsx";

type Overview = ApiOutput["admin"]["overview"];
type User = ApiOutput["admin"]["listUsers"]["data"][number];
type Check = { name: string; ok: boolean; ms: number; message?: string | undefined };
type Process = Overview["processes"][number];
type StatusCount = { name: string; status: string; count: number };

const number = new Intl.NumberFormat("en");
const plural = (count: number, noun: string): string => `${number.format(count)} ${noun}${count === 1 ? "" : "s"}`;

function Money({ overview }: { overview: Overview | undefined }) {
  const ledger = overview?.ledger;
  const show = (amount: { units: string } | undefined) => amount && <Amount units={amount.units} />;
  return (
    <StatGroup>
      <Stat
        label="Owed to everybody"
        value={show(ledger?.liabilities)}
        detail={ledger && `${number.format(ledger.accounts)} accounts`}
      />
      <Stat label="In the vault" value={show(ledger?.vault)} detail="As the ledger counts it" />
      <Stat label="Set aside" value={show(ledger?.reserved)} detail="For things under way" />
      <Stat
        label="Earned by the platform"
        value={show(ledger?.revenue)}
        detail={ledger && `${number.format(ledger.transfers)} postings`}
      />
    </StatGroup>
  );
}

function State({ overview }: { overview: Overview | undefined }) {
  const isBalanced = overview?.ledger.isBalanced;
  return (
    <StatGroup>
      <Stat
        label="Ledger"
        value={
          isBalanced === undefined ? undefined : (
            <StatusBadge kind={isBalanced ? "ok" : "bad"}>{isBalanced ? "Balanced" : "Out of balance"}</StatusBadge>
          )
        }
        detail="Debits equal credits"
      />
      <Stat
        label="People"
        value={overview && number.format(overview.people.users)}
        detail={
          overview && `${plural(overview.people.providers, "provider")}, ${plural(overview.people.admins, "admin")}`
        }
      />
      <Stat label="Sessions" value={overview && number.format(overview.people.activeSessions)} detail="Signed in now" />
      <Stat
        label="Queue"
        value={overview && number.format(overview.queue.waiting)}
        detail={overview && `waiting; ${overview.queue.running} running, ${overview.queue.dead} dead`}
      />
    </StatGroup>
  );
}

const CHECK_COLUMNS: readonly Column<Check>[] = [
  { id: "name", header: "Part", cell: (check) => <span className="font-medium capitalize">{check.name}</span> },
  {
    id: "state",
    header: "State",
    cell: (check) => <StatusBadge kind={check.ok ? "ok" : "bad"}>{check.ok ? "Ready" : "Missing"}</StatusBadge>,
  },
  {
    id: "message",
    header: "Says",
    from: "sm",
    cell: (check) => <span className="text-ink-2">{check.message ?? ""}</span>,
  },
  {
    id: "ms",
    header: "Answered in",
    align: "right",
    cell: (check) => <span className="tabular">{Math.round(check.ms)} ms</span>,
  },
];

const PROCESS_COLUMNS: readonly Column<Process>[] = [
  { id: "name", header: "Process", cell: (row) => <span className="font-medium">{row.name}</span> },
  {
    id: "state",
    header: "State",
    cell: (row) => <StatusBadge kind={row.isAlive ? "ok" : "bad"}>{row.isAlive ? "Alive" : "Silent"}</StatusBadge>,
  },
  timeColumn("Since", (row) => row.startedAt, { from: "sm" }),
  timeColumn("Seen", (row) => row.seenAt, { align: "right" }),
];

const COUNT_COLUMNS: readonly Column<StatusCount>[] = [
  { id: "what", header: "What", cell: (row) => <span className="font-medium">{row.name}</span> },
  { id: "status", header: "Status", cell: (row) => <span className="text-ink-2">{row.status}</span> },
  numberColumn("Count", (row) => number.format(row.count)),
];

const USER_COLUMNS: readonly Column<User>[] = [
  {
    id: "name",
    header: "Name",
    cell: (user) => <span className="font-medium">{user.name}</span>,
    skeletonWidth: "w-28",
  },
  {
    id: "id",
    header: "Identifier",
    from: "md",
    cell: (user) => <Identifier value={user.id} label="user id" head={8} tail={6} />,
    skeletonWidth: "w-32",
  },
  {
    id: "roles",
    header: "Roles",
    from: "sm",
    cell: (user) => <span className="text-ink-2">{user.roles.join(", ")}</span>,
  },
  timeColumn("Since", (user) => user.createdAt, { align: "right", from: "sm" }),
  amountColumn("Available", (user) => user.balance),
];

function Users() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.admin.listUsers.infiniteQueryOptions({ limit: 50 }, { getNextPageParam: nextPage }),
  );
  return (
    <PagedCard
      title="People"
      description="Newest first."
      query={query}
      columns={USER_COLUMNS}
      rowKey={(user) => user.id}
      empty={<EmptyState title="Nobody yet">People appear here as they sign in.</EmptyState>}
    />
  );
}

const Approvals = lazy(() => import("./approvals.tsx"));
const PlatformCaps = lazy(() => import("./platform-caps.tsx"));
const UnassignedTransfers = lazy(() => import("./unassigned-transfers.tsx"));

export function AdminView() {
  const trpc = useTRPC();
  const query = useQuery(trpc.admin.overview.queryOptions(undefined, { refetchInterval: every(5_000) }));
  const overview = query.data;
  const rest = { isError: query.isError, error: query.error, refetch: query.refetch };
  if (query.isError && !overview)
    return (
      <Card>
        <QueryError error={query.error} what="The platform’s state" onRetry={() => void query.refetch()} />
      </Card>
    );
  const checks = overview && Object.entries(overview.readiness.checks).map(([name, check]) => ({ name, ...check }));
  const counts = overview && [
    ...overview.outbox.map((row) => ({ name: "Chain transactions", ...row })),
    ...overview.nodes.map((row) => ({ name: "Nodes", ...row })),
  ];
  return (
    <div className="flex flex-col gap-6">
      <div className="flex flex-col gap-2">
        <ReconciliationLine overview={overview} />
        <SolvencyLine overview={overview} />
      </div>
      <Money overview={overview} />
      <State overview={overview} />
      <AgentHalt />
      <Suspense fallback={<CardSkeleton rows={1} />}>
        <Approvals />
      </Suspense>
      <Suspense fallback={<CardSkeleton rows={1} />}>
        <PlatformCaps />
      </Suspense>
      <div className="grid grid-cols-1 items-start gap-6 *:min-w-0 lg:grid-cols-2">
        <QueryCard
          title="Health"
          description="What a request may need, asked just now."
          query={{ ...rest, data: checks && { data: checks } }}
          columns={CHECK_COLUMNS}
          rowKey={(check) => check.name}
          empty={<EmptyState title="Nothing to check">No part is registered.</EmptyState>}
        />
        <div className="flex flex-col gap-6">
          <QueryCard
            title="Processes"
            query={{ ...rest, data: overview && { data: overview.processes } }}
            columns={PROCESS_COLUMNS}
            rowKey={(row) => row.name}
            skeletonRows={1}
            empty={
              <EmptyState title="No process has reported">
                The worker reports every few seconds once it runs.
              </EmptyState>
            }
          />
          <QueryCard
            title="Chain outbox and nodes"
            query={{ ...rest, data: counts && { data: counts } }}
            what="Outbox and nodes"
            columns={COUNT_COLUMNS}
            rowKey={(row) => `${row.name} ${row.status}`}
            skeletonRows={2}
            empty={
              <EmptyState title="Nothing sent, nobody joined">
                Transactions and nodes are counted here by status.
              </EmptyState>
            }
          />
        </div>
      </div>
      <Suspense fallback={<CardSkeleton rows={1} />}>
        <UnassignedTransfers />
      </Suspense>
      <Users />
    </div>
  );
}
