"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { AgentView } from "#core/schemas/agent.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedTable } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { amountColumn } from "../money/amount-column.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { Card } from "../ui/card.tsx";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { AgentStatus } from "./agent-status.tsx";
import { windowWord } from "./window-word.ts";

const COLUMNS: readonly Column<AgentView>[] = [
  {
    id: "name",
    header: "Agent",
    cell: (agent) => (
      <Link
        href={`/agents/${agent.id}`}
        className="rounded-sm font-medium underline decoration-line underline-offset-4 hover:decoration-ink"
      >
        {agent.name}
      </Link>
    ),
    skeletonWidth: "w-32",
  },
  { id: "status", header: "Status", cell: (agent) => <AgentStatus status={agent.status} /> },
  {
    id: "account",
    header: "Account",
    from: "md",
    cell: (agent) => <Identifier value={agent.account} label="account address" />,
    skeletonWidth: "w-28",
  },
  amountColumn("A payment", (agent) => agent.policy.perTransactionCap, { from: "lg" }),
  {
    id: "window",
    header: "In a window",
    align: "right",
    from: "sm",
    cell: (agent) => (
      <span className="whitespace-nowrap">
        <Amount units={agent.policy.windowCap.units} />{" "}
        <span className="text-ink-3">in {windowWord(agent.policy.windowSeconds)}</span>
      </span>
    ),
  },
  timeColumn("Until", (agent) => agent.policy.validUntil, { align: "right", from: "md" }),
];

const createLink = (
  <Link href="/agents/new" className={buttonClass()}>
    Create an agent
  </Link>
);

export function AgentTable() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.agent.listAgents.infiniteQueryOptions(
      { limit: 20 },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  return (
    <Card>
      <PagedTable
        query={query}
        what="Agents"
        columns={COLUMNS}
        rowKey={(agent) => agent.id}
        empty={
          <EmptyState
            title="No agent yet"
            action={createLink}
            example={"$0.20 a payment, $0.50 in any hour\nto 0x12…ab, only with a fresh proof"}
          >
            An agent is a key with limits: whom it may pay, how much at once, how much in a while, until when. Both the
            signer and its account on the chain hold it to them.
          </EmptyState>
        }
      />
    </Card>
  );
}
