"use client";

import Link from "next/link";
import { lazy, Suspense } from "react";
import type { StatementEntryView } from "#core/schemas/statement.ts";
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
import { counterpartyWord } from "./counterparty-word.ts";
import { postingSteps } from "./posting-steps.tsx";

const AdjustmentFacts = lazy(() => import("./adjustment-facts.tsx"));

/** A reference of the chain is as long as a phone is wide; the receipt has all of it. */
const memoText = (memo: string) => (memo.startsWith("0x") ? shorten(memo, 8, 6) : memo);

/** Of an adjustment the receipt asks who stands behind it; of anything else it knows all it shows. */
function EntryReceipt({ entry }: { entry: StatementEntryView }) {
  const steps = postingSteps(entry);
  const isAdjustment = entry.kind === "adjustment" && entry.refId !== null;
  return (
    <ReceiptDrawer
      title={postingWord(entry.kind)}
      id={entry.id}
      subject={<Amount units={entry.amount.units} asset={entry.amount.asset} isSigned />}
      status={<Badge>Posted</Badge>}
      steps={isAdjustment ? [] : steps}
    >
      {isAdjustment && (
        <Suspense fallback={null}>
          <AdjustmentFacts id={entry.refId ?? ""} posting={steps.filter(({ kind }) => kind === "posting")} />
        </Suspense>
      )}
    </ReceiptDrawer>
  );
}

export const STATEMENT_COLUMNS: readonly Column<StatementEntryView>[] = [
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
  receiptColumn((entry) => <EntryReceipt entry={entry} />),
];

/** Before anything has moved: where it begins. */
export const NothingYet = () => (
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
