"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Download, ListFilter } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { StatementFilterInput } from "#core/schemas/statement.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Button } from "../ui/button.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { EmptyState } from "../ui/empty-state.tsx";
import { Time } from "../ui/time.tsx";
import { exportHref, type StatementFields, useStatementFields } from "./statement-address.ts";
import { NothingYet, STATEMENT_COLUMNS } from "./statement-columns.tsx";

const StatementFilters = lazy(() => import("./statement-filters.tsx"));

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

/** The statement, narrowed down as the address says, and the same entries as a file. */
export function FilteredStatement() {
  const trpc = useTRPC();
  const [fields, setFields] = useStatementFields();
  const isFiltered = Object.keys(fields).length > 0;
  const [isOpen, setIsOpen] = useState(isFiltered);
  // Addresses hold any text; what is no filter is refused by the server and shown as such.
  const filter = fields as StatementFilterInput;
  const query = useInfiniteQuery(
    trpc.balance.listStatement.infiniteQueryOptions(
      { limit: 25, ...filter },
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
      action={<StatementActions fields={fields} isOpen={isOpen} onToggle={() => setIsOpen(!isOpen)} />}
      above={
        isOpen && (
          <Suspense fallback={<div className="h-64 border-line border-b bg-canvas md:h-52" />}>
            <StatementFilters key={JSON.stringify(fields)} fields={fields} onChange={setFields} />
          </Suspense>
        )
      }
      query={query}
      columns={STATEMENT_COLUMNS}
      rowKey={(entry) => entry.id}
      skeletonRows={6}
      empty={isFiltered ? <NothingFound hasMore={query.hasNextPage} onClear={() => setFields({})} /> : <NothingYet />}
    />
  );
}

const NothingFound = ({ hasMore, onClear }: { hasMore: boolean; onClear: () => void }) => (
  <EmptyState title="Nothing matches" action={<Button onClick={onClear}>Show everything</Button>}>
    {hasMore ? "The newest entries hold nothing of it; older ones may." : "No entry of this account fits the filter."}
  </EmptyState>
);
