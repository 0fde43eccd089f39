"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { StatementEntryView } from "#core/schemas/balance.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { postingWord } from "../money/posting-words.ts";
import { receiptColumn } from "../receipt/receipt-column.tsx";
import { ReceiptDrawer } from "../receipt/receipt-drawer.tsx";
import { Badge } from "../ui/badge.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { shorten } from "../ui/identifier.tsx";
import { Time } from "../ui/time.tsx";
import { counterpartyWord } from "./counterparty-word.ts";
import { postingSteps } from "./posting-steps.tsx";

/** A reference of the chain is as long as a phone is wide; the receipt has all of it. */
const memoText = (memo: string) => (memo.startsWith("0x") ? shorten(memo, 8, 6) : memo);

const COLUMNS: readonly Column<StatementEntryView>[] = [
  timeColumn("When", (entry) => entry.createdAt),
  {
    id: "what",
    header: "What",
    cell: (entry) => (
      <span className="block min-w-0">
        <span className="font-medium">{postingWord(entry.kind)}</span>
        {entry.memo !== null && <span className="block truncate text-ink-3 text-xs">{memoText(entry.memo)}</span>}
      </span>
    ),
    skeletonWidth: "w-28",
  },
  {
    id: "who",
    header: "With",
    from: "md",
    cell: (entry) => <span className="text-ink-2">{counterpartyWord(entry.counterparty)}</span>,
    skeletonWidth: "w-24",
  },
  {
    id: "ref",
    header: "Reference",
    from: "lg",
    cell: (entry) =>
      entry.refId === null ? (
        <span className="text-ink-3">–</span>
      ) : (
        <code title={entry.refId} className="font-mono text-ink-2">
          {shorten(entry.refId, 8, 6)}
        </code>
      ),
    skeletonWidth: "w-28",
  },
  {
    id: "amount",
    header: "Amount",
    align: "right",
    cell: (entry) => (
      <Amount
        units={entry.amount.units}
        asset={entry.amount.asset}
        isSigned
        className={entry.amount.units.startsWith("-") ? "" : "font-medium text-ok"}
      />
    ),
  },
  {
    id: "balance",
    header: "Balance",
    align: "right",
    from: "sm",
    cell: (entry) => <Amount units={entry.balance.units} asset={entry.balance.asset} className="text-ink-2" />,
  },
  receiptColumn((entry) => (
    <ReceiptDrawer
      title={postingWord(entry.kind)}
      id={entry.id}
      subject={<Amount units={entry.amount.units} asset={entry.amount.asset} isSigned />}
      status={<Badge>Posted</Badge>}
      steps={postingSteps(entry)}
    />
  )),
];

export function Statement({ limit = 25 }: { limit?: number }) {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.balance.listStatement.infiniteQueryOptions(
      { limit },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  const archivedUntil = query.data?.pages.at(-1)?.archivedUntil ?? null;
  return (
    <PagedCard
      title="Statement"
      description={
        archivedUntil === null ? (
          "Every posting, with the balance after it. Nothing is ever changed or removed."
        ) : (
          <>
            Every posting since <Time iso={archivedUntil} isExact />, with the balance after it. Older ones are kept in
            an archive; ask for them.
          </>
        )
      }
      query={query}
      columns={COLUMNS}
      rowKey={(entry) => entry.id}
      skeletonRows={6}
      empty={
        <EmptyState
          title="Nothing has moved yet"
          action={
            <Link href="/feed" className={buttonClass({ variant: "primary" })}>
              Earn your first cents
            </Link>
          }
        >
          Rewards, completions, payments and withdrawals appear here in order, each with its receipt.
        </EmptyState>
      }
    />
  );
}
