"use client";

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { DecisionView, MarketOutput, StrategyView } from "#core/schemas/strategy.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryError } from "../api/query-error.tsx";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { PageHeader, PendingTitle } from "../shell/page-header.tsx";
import { Badge, StatusWord } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Time } from "../ui/time.tsx";
import { toast } from "../ui/toast.ts";
import { ActionLink } from "./action-link.tsx";
import { intentWords, KINDS, OUTCOMES, STRATEGY_STATES, settingsWords } from "./strategy-words.ts";

function Steps({ steps, agentId }: Pick<DecisionView, "steps"> & { agentId: string }) {
  if (steps.length === 0) return null;
  return (
    <ol className="mt-2 flex flex-col gap-2 border-line border-l pl-3">
      {steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps are only ever added
        <li key={index} className="text-xs">
          <span className="font-medium">{step.tool}</span>{" "}
          <span className="text-ink-2">{Object.values(step.input).join(" · ")}</span>
          <span className="block text-ink-3">{step.thought}</span>
          <span className="line-clamp-3 block break-all text-ink-2">{step.result}</span>
          {step.activityId !== null && <ActionLink agentId={agentId} id={step.activityId} />}
        </li>
      ))}
    </ol>
  );
}

const columnsOf = (agentId: string, market: MarketOutput | null): readonly Column<DecisionView>[] => [
  timeColumn("When", (row) => row.createdAt, { from: "sm" }),
  {
    id: "decision",
    header: "Decision",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <Time iso={row.createdAt} className="block text-ink-3 text-xs sm:hidden" />
        {row.isAlert && <Badge tone="warn">Alert</Badge>}
        {row.intent && <span className="block font-medium">{intentWords(row.intent, market)}</span>}
        <span className="block text-sm">{row.why}</span>
        {row.refusal && (
          <span className="block text-ink-2 text-sm">
            {row.refusal.rule}, by the {row.refusal.refusedBy}. {row.refusal.fix}
          </span>
        )}
        {row.activityId !== null && (
          <span className="block text-sm">
            <ActionLink agentId={agentId} id={row.activityId} />
          </span>
        )}
        <Steps steps={row.steps} agentId={agentId} />
      </span>
    ),
  },
  { id: "outcome", header: "Outcome", cell: (row) => <StatusWord words={OUTCOMES} status={row.outcome} /> },
];

function Actions({ strategy }: { strategy: StrategyView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const set = useMutation(
    trpc.strategy.set.mutationOptions({
      onSuccess: ({ name, mode, status }) => {
        toast.success(`${name} is ${status === "stopped" ? "stopped" : mode === "live" ? "live" : "in a dry run"}`);
        return queryClient.invalidateQueries({ queryKey: trpc.strategy.pathKey() });
      },
      onError: (error) => notifyError("It could not be changed", error),
    }),
  );
  if (strategy.status === "done") return null;
  const { id, mode, status } = strategy;
  return (
    <>
      <Button isPending={set.isPending} onClick={() => set.mutate({ id, mode: mode === "live" ? "dry-run" : "live" })}>
        {mode === "live" ? "Back to a dry run" : "Let it act"}
      </Button>
      <Button
        variant={status === "running" ? "danger" : "primary"}
        isPending={set.isPending}
        onClick={() => set.mutate({ id, status: status === "running" ? "stopped" : "running" })}
      >
        {status === "running" ? "Stop" : "Go on"}
      </Button>
    </>
  );
}

export function StrategyDetail({ id, strategyId }: { id: string; strategyId: string }) {
  const trpc = useTRPC();
  const list = useQuery(trpc.strategy.list.queryOptions({ id }, { refetchInterval: every(3_000) }));
  const market = useQuery(trpc.strategy.market.queryOptions(undefined, { retry: false })).data ?? null;
  const decisions = useInfiniteQuery(
    trpc.strategy.listDecisions.infiniteQueryOptions(
      { id: strategyId, limit: 20 },
      { getNextPageParam: nextPage, refetchInterval: every(3_000) },
    ),
  );
  if (list.isError && !list.data)
    return (
      <Card>
        <QueryError error={list.error} what="The strategy" onRetry={() => void list.refetch()} />
      </Card>
    );
  const strategy = list.data?.data.find((one) => one.id === strategyId);
  return (
    <>
      <PageHeader
        mark="bg-agents"
        title={
          strategy ? (
            <span className="flex min-w-0 flex-wrap items-center gap-3">
              {strategy.name} <StatusWord words={STRATEGY_STATES} status={strategy.status} />
              {strategy.mode === "live" ? <Badge tone="ok">Live</Badge> : <Badge tone="outline">Dry run</Badge>}
            </span>
          ) : (
            <PendingTitle />
          )
        }
        description={strategy && KINDS[strategy.settings.kind]}
        action={strategy && <Actions strategy={strategy} />}
      />
      <div className="flex flex-col gap-6">
        {strategy && (
          <Card>
            <CardHeader title="What it does" />
            <CardBody className="flex flex-col gap-2 text-sm">
              <p>{settingsWords(strategy.settings, market)}</p>
              <p className="text-ink-2">
                {strategy.lastWhy ?? "It has not looked yet."}{" "}
                {strategy.lastAt !== null && <Time iso={strategy.lastAt} className="text-ink-3 text-xs" />}
              </p>
            </CardBody>
          </Card>
        )}
        <PagedCard
          title="What it decided"
          description="And why, and what became of it. Waiting is not listed."
          query={decisions}
          what="Decisions"
          columns={columnsOf(id, market)}
          rowKey={(row) => row.id}
          empty={<EmptyState title="Nothing yet">Decisions appear here with their reasons.</EmptyState>}
        />
      </div>
    </>
  );
}
