"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ApiOutput } from "../api/api-types.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { shorten } from "../ui/identifier.tsx";
import { ledgerHref } from "./ledger-id.tsx";

type Action = ApiOutput["admin"]["listActions"]["data"][number];

const WORDS: Record<string, string> = {
  "adjustment.propose": "Proposed an adjustment",
  "adjustment.approve": "Approved and posted an adjustment",
  "adjustment.reject": "Rejected an adjustment",
  "agent.stop": "Stopped an agent",
  "agent.release": "Let an agent go on",
  "template.create": "Wrote a policy template",
  "template.change": "Changed a policy template",
  "template.publish": "Published a policy template",
  "template.retire": "Retired a policy template",
  "node.ban": "Banned a node",
  "node.reinstate": "Let a node back in",
  "node.reference": "Changed whether a node is a reference",
  "stake.claim": "Claimed a stake",
  "stake.dismiss": "Gave a claim on a stake up",
  "dispute.uphold": "Upheld a suspension",
  "dispute.reverse": "Lifted a suspension",
  "reconciliation.request": "Had the books compared",
};

/** The page of what an action was about, by the beginning of its id; everything else is in the ledger. */
const PAGES: Record<string, (id: string) => string> = {
  rec: (id) => `/admin/reconciliation?run=${id}`,
  node: () => "/admin/nodes",
  agt: () => "/admin/agents",
  tpl: (id) => `/admin/templates/${id}`,
};

const hrefOf = (subject: string): string => (PAGES[subject.split("_")[0] ?? ""] ?? ledgerHref)(subject);

const COLUMNS: readonly Column<Action>[] = [
  timeColumn("When", (row) => row.at, { from: "sm" }),
  { id: "who", header: "Who", cell: ({ userName }) => <span className="font-medium">{userName}</span> },
  { id: "what", header: "What", cell: ({ action }) => WORDS[action] ?? action },
  {
    id: "subject",
    header: "Of what",
    align: "right",
    cell: ({ subject }) => (
      <Link
        href={hrefOf(subject)}
        title={subject}
        className="whitespace-nowrap rounded-sm font-mono text-sm underline decoration-line-strong underline-offset-4 hover:decoration-ink"
      >
        {shorten(subject, 8, 4)}
      </Link>
    ),
  },
];

/** The trail of what admins did in the books, which nobody can change. */
export default function AdminActions() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.admin.listActions.infiniteQueryOptions(
      { limit: 20 },
      { getNextPageParam: nextPage, refetchInterval: every(10_000) },
    ),
  );
  return (
    <PagedCard
      title="What admins did"
      description="Written down with each change; the database refuses to alter it."
      query={query}
      what="Actions"
      columns={COLUMNS}
      rowKey={({ id }) => id}
      skeletonRows={2}
      empty={<EmptyState title="Nothing yet">Proposals, decisions and comparisons are kept here.</EmptyState>}
    />
  );
}
