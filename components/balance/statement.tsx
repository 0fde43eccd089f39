"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Download, ListFilter } from "lucide-react";
import Link from "next/link";
import { lazy, Suspense, useState } from "react";
import type { StatementEntryView, StatementFilterInput } from "#core/schemas/statement.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { postingWord } from "../money/posting-words.ts";
import { receiptColumn } from "../receipt/receipt-column.tsx";
import { ReceiptDrawer } from "../receipt/receipt-drawer.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { shorten } from "../ui/identifier.tsx";
import { Time } from "../ui/time.tsx";
import { counterpartyWord } from "./counterparty-word.ts";
import { postingSteps } from "./posting-steps.tsx";
import { exportHref, type StatementFields, useStatementFields } from "./statement-address.ts";

const StatementFilters = lazy(() => import("./statement-filters.tsx"));
const AdjustmentFacts = lazy(() => import("./adjustment-facts.tsx"));

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
        {entry.memo !== null && (
          <span title={entry.memo} className="block max-w-24 truncate text-ink-3 text-xs sm:max-w-64 lg:max-w-sm">
            {memoText(entry.memo)}
          </span>
        )}
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
    >
      {entry.kind === "adjustment" && entry.refId !== null && (
        <Suspense fallback={null}>
          <AdjustmentFacts id={entry.refId} />
        </Suspense>
      )}
    </ReceiptDrawer>
  )),
];

const NO_FIELDS: StatementFields = {};

/** The filter, and the same entries as a file. */
function StatementActions(props: { fields: StatementFields; isOpen: boolean; onToggle: () => void }) {
  const count = Object.keys(props.fields).length;
  return (
    <span className="flex flex-wrap gap-2">
      <Button size="sm" aria-expanded={props.isOpen} onClick={props.onToggle}>
        <ListFilter aria-hidden /> {count === 0 ? "Filter" : `Filter (${count})`}
      </Button>
      {(["csv", "json"] as const).map((format) => (
        <a
          key={format}
          href={exportHref(format, props.fields)}
          download
          aria-label={`Download as ${format.toUpperCase()}`}
          className={buttonClass({ size: "sm" })}
        >
          <Download aria-hidden /> {format.toUpperCase()}
        </a>
      ))}
    </span>
  );
}

/** With `isBrief` only the newest entries; without, they can be narrowed down and taken along. */
export function Statement({ limit = 25, isBrief = false }: { limit?: number; isBrief?: boolean }) {
  const trpc = useTRPC();
  const [asked, setFields] = useStatementFields();
  const fields = isBrief ? NO_FIELDS : asked;
  const isFiltered = Object.keys(fields).length > 0;
  const [isOpen, setIsOpen] = useState(isFiltered);
  // Addresses hold any text; what is no filter is refused by the server and shown as such.
  const filter = fields as StatementFilterInput;
  const query = useInfiniteQuery(
    trpc.balance.listStatement.infiniteQueryOptions(
      { limit, ...filter },
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
      action={isBrief ? null : <StatementActions fields={fields} isOpen={isOpen} onToggle={() => setIsOpen(!isOpen)} />}
      above={
        isOpen && (
          <Suspense fallback={<div className="h-64 border-line border-b bg-canvas md:h-52" />}>
            <StatementFilters key={JSON.stringify(fields)} fields={fields} onChange={setFields} />
          </Suspense>
        )
      }
      query={query}
      columns={COLUMNS}
      rowKey={(entry) => entry.id}
      skeletonRows={6}
      empty={isFiltered ? <NothingFound hasMore={query.hasNextPage} onClear={() => setFields({})} /> : <NothingYet />}
    />
  );
}

const NothingYet = () => (
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
);

const NothingFound = ({ hasMore, onClear }: { hasMore: boolean; onClear: () => void }) => (
  <EmptyState title="Nothing matches" action={<Button onClick={onClear}>Show everything</Button>}>
    {hasMore ? "The newest entries hold nothing of it; older ones may." : "No entry of this account fits the filter."}
  </EmptyState>
);
