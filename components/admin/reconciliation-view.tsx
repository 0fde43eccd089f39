"use client";

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import type { ApiOutput } from "../api/api-types.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryError } from "../api/query-error.tsx";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { StatusBadge, type StatusKind, StatusWord, type StatusWords } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardHeader } from "../ui/card.tsx";
import { numberColumn } from "../ui/columns.tsx";
import { type Column, DataTable } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Time } from "../ui/time.tsx";
import { useAddressValue } from "../ui/use-address-value.ts";
import { SECTION_WORDS } from "./section-words.ts";

type Run = ApiOutput["reconciliation"]["get"];
type RunRow = ApiOutput["reconciliation"]["list"]["data"][number];
type Section = Run["sections"][number];
type Row = Partial<Section> & { name: string };
type Finding = Section["findings"][number] & { section: string; place: number };

const STATUSES: StatusWords<RunRow["status"]> = {
  queued: ["idle", "Waiting"],
  running: ["busy", "Comparing"],
  done: ["ok", "Done"],
  failed: ["warn", "Given up"],
};
const isOpen = ({ status }: { status: RunRow["status"] }) => status === "queued" || status === "running";

const differences = (count: number): string => (count === 1 ? "1 difference" : `${count} differences`);

/** Done, against the chain too, and without a difference is the only green one. */
function RunStatus({ run }: { run: RunRow }) {
  if (run.findingCount > 0) return <StatusBadge kind="bad">{differences(run.findingCount)}</StatusBadge>;
  if (run.status === "done" && run.block === null) return <StatusBadge kind="warn">Ledger only</StatusBadge>;
  return <StatusWord words={STATUSES} status={run.status} />;
}

function sectionState({ findingCount }: Row, isRunning: boolean): [StatusKind, string] {
  if (findingCount === undefined) return isRunning ? ["busy", "Waiting"] : ["idle", "Not compared"];
  return findingCount === 0 ? ["ok", "Agrees"] : ["bad", differences(findingCount)];
}

const sectionColumns = (isRunning: boolean): readonly Column<Row>[] => [
  {
    id: "name",
    header: "Section",
    cell: ({ name }) => <span className="font-medium">{SECTION_WORDS[name]?.[0] ?? name}</span>,
  },
  {
    id: "compared",
    header: "What is compared",
    from: "md",
    cell: ({ name }) => <span className="text-ink-2">{SECTION_WORDS[name]?.[1]}</span>,
  },
  numberColumn("Took", ({ ms }) => (ms === undefined ? null : `${ms} ms`), { from: "sm" }),
  {
    id: "state",
    header: "Result",
    align: "right",
    cell: (row) => {
      const [kind, word] = sectionState(row, isRunning);
      return <StatusBadge kind={kind}>{word}</StatusBadge>;
    },
  },
];

const FINDING_COLUMNS: readonly Column<Finding>[] = [
  { id: "section", header: "Section", from: "sm", cell: ({ section }) => SECTION_WORDS[section]?.[0] ?? section },
  { id: "where", header: "Where", cell: ({ where }) => <span className="break-all font-mono text-sm">{where}</span> },
  { id: "problem", header: "What differs", cell: ({ problem }) => <span className="break-words">{problem}</span> },
];

function Compared({ run }: { run: Run }) {
  const who = run.requestedBy === null ? "the clock" : run.requestedBy.name;
  return (
    <>
      Asked for by {who} <Time iso={run.requestedAt} />
      {run.finishedAt !== null && (
        <>
          , ended <Time iso={run.finishedAt} />
        </>
      )}
      {run.link !== null && `. Ledger up to link ${run.link}`}
      {run.block !== null && `, chain up to block ${run.block}`}.
    </>
  );
}

function RunCard({ id, onAsked }: { id: string; onAsked: (id: string) => void }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.reconciliation.get.queryOptions({ id }, { refetchInterval: every(2_000) }));
  const run = query.data;
  if (query.isError && !run)
    return (
      <Card>
        <QueryError error={query.error} what="This comparison" onRetry={() => void query.refetch()} />
      </Card>
    );
  const done = new Map(run?.sections.map((section) => [section.name, section]));
  const names = new Set([...Object.keys(SECTION_WORDS).filter((name) => name !== "indexer"), ...done.keys()]);
  const rows = [...names].map((name): Row => done.get(name) ?? { name });
  const findings = run?.sections.flatMap(({ name, findings: found }) =>
    found.map((finding, place): Finding => ({ ...finding, section: name, place })),
  );
  const kept = findings?.length ?? 0;
  return (
    <>
      <Card>
        <CardHeader
          title="Comparison"
          description={run && <Compared run={run} />}
          action={
            <span className="flex flex-wrap items-center gap-3">
              {run && <RunStatus run={run} />}
              <CompareButton onAsked={onAsked} />
            </span>
          }
        />
        {run?.error && (
          <p role="alert" className="border-line border-b bg-warn-soft px-4 py-2 text-sm text-warn">
            {run.error}
          </p>
        )}
        <DataTable
          caption="Sections"
          columns={sectionColumns(run !== undefined && isOpen(run))}
          rows={run && rows}
          rowKey={({ name }) => name}
          skeletonRows={7}
        />
      </Card>
      {findings && kept > 0 && (
        <Card className="border-bad">
          <CardHeader
            title="Differences"
            description={
              run && run.findingCount > kept ? `The first ${kept} of ${run.findingCount}.` : "Every one that was found."
            }
          />
          <DataTable
            caption="Differences"
            columns={FINDING_COLUMNS}
            rows={findings}
            rowKey={({ section, place }) => `${section} ${place}`}
          />
        </Card>
      )}
    </>
  );
}

const RUN_COLUMNS: readonly Column<RunRow>[] = [
  {
    id: "when",
    header: "When",
    cell: (run) => (
      <Link
        href={`/admin/reconciliation?run=${run.id}`}
        className="whitespace-nowrap rounded-sm underline decoration-line-strong underline-offset-4 hover:decoration-ink"
      >
        <Time iso={run.requestedAt} />
      </Link>
    ),
  },
  { id: "who", header: "Asked for by", cell: (run) => run.requestedBy?.name ?? "The clock" },
  numberColumn("Link", (run) => run.link, { from: "md" }),
  numberColumn("Block", (run) => run.block, { from: "md" }),
  { id: "status", header: "Result", align: "right", cell: (run) => <RunStatus run={run} /> },
];

function CompareButton({ onAsked }: { onAsked: (id: string) => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const ask = useMutation(
    trpc.reconciliation.request.mutationOptions({
      onSuccess: ({ id }) => onAsked(id),
      onError: (error) => notifyError("It could not be asked for", error),
      onSettled: () => queryClient.invalidateQueries({ queryKey: trpc.reconciliation.list.pathKey() }),
    }),
  );
  return (
    <Button variant="primary" isPending={ask.isPending} onClick={() => ask.mutate()}>
      Compare now
    </Button>
  );
}

export function ReconciliationView() {
  const trpc = useTRPC();
  const [wanted, setWanted] = useAddressValue("run");
  const query = useInfiniteQuery(
    trpc.reconciliation.list.infiniteQueryOptions(
      { limit: 20 },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  const shown = wanted ?? query.data?.pages[0]?.data[0]?.id;
  return (
    <div className="flex flex-col gap-6">
      {shown !== undefined && <RunCard key={shown} id={shown} onAsked={setWanted} />}
      <PagedCard
        title="All comparisons"
        description="Newest first; one every hour, and after every start."
        action={shown === undefined && <CompareButton onAsked={setWanted} />}
        query={query}
        what="Comparisons"
        columns={RUN_COLUMNS}
        rowKey={(run) => run.id}
        empty={<EmptyState title="Nothing was compared yet">The worker begins when it starts.</EmptyState>}
      />
    </div>
  );
}
