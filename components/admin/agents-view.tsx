"use client";

import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { AdminAgentView } from "#core/schemas/agent-admin.ts";
import { AgentStatus } from "../agents/agent-status.tsx";
import { NAMES } from "../agents/breaker-words.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { notifyError } from "../api/notify-error.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn, numberColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Opener, type Popup } from "../ui/opener.tsx";
import { Select } from "../ui/select.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";
import { toast } from "../ui/toast.ts";
import { useAddressValue } from "../ui/use-address-value.ts";
import { AgentHalt } from "./agent-halt.tsx";
import { ReasonDialog } from "./reason-dialog.tsx";

function useRefresh() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: trpc.agentAdmin.pathKey() });
}

function StopDialog({ agent, ...popup }: Popup & { agent: AdminAgentView }) {
  const trpc = useTRPC();
  const refresh = useRefresh();
  const stop = useMutation(
    trpc.agentAdmin.stop.mutationOptions({
      onSuccess: () => {
        popup.onOpenChange(false);
        toast.success(`Nothing is signed for ${agent.name} from now on`);
        return refresh();
      },
    }),
  );
  return (
    <ReasonDialog
      {...popup}
      title={`Stop ${agent.name}?`}
      description="At once, at the signer. Its account and its money stay its owner's."
      submitLabel="Stop it"
      hint="Its owner reads it."
      isPending={stop.isPending}
      error={stop.error}
      onSubmit={(reason) => stop.mutate({ id: agent.id, reason })}
    />
  );
}

function ReleaseButton({ agent }: { agent: AdminAgentView }) {
  const trpc = useTRPC();
  const release = useMutation(
    trpc.agentAdmin.release.mutationOptions({
      onSuccess: useRefresh(),
      onError: (error) => notifyError("It goes on being stopped", error),
    }),
  );
  return (
    <Button size="sm" isPending={release.isPending} onClick={() => release.mutate({ id: agent.id })}>
      Let it go on
    </Button>
  );
}

function Actions({ agent }: { agent: AdminAgentView }) {
  if (agent.status === "revoked" || agent.status === "awaiting-owner") return null;
  if (agent.tripped.some(({ kind }) => kind === "manual")) return <ReleaseButton agent={agent} />;
  return (
    <Opener
      trigger={
        <Button size="sm" variant="danger">
          Stop
        </Button>
      }
    >
      {(popup) => <StopDialog {...popup} agent={agent} />}
    </Opener>
  );
}

const COLUMNS: readonly Column<AdminAgentView>[] = [
  {
    id: "agent",
    header: "Agent",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <span className="block font-medium">{row.name}</span>
        <span className="block text-ink-3 text-xs">
          {row.owner.name ?? row.owner.id}
          {row.template !== null && `, from ${row.template.name}, version ${row.template.version}`}
        </span>
        {row.tripped.map(({ kind, reason }) => (
          <span key={kind} className="mt-1 block text-sm">
            <Badge tone="bad">{NAMES[kind]}</Badge> <span className="text-ink-2">{reason}</span>
          </span>
        ))}
      </span>
    ),
  },
  { id: "status", header: "Status", cell: (row) => <AgentStatus status={row.status} /> },
  {
    id: "account",
    header: "Account",
    from: "lg",
    cell: (row) => <Identifier value={row.account} label="account address" />,
  },
  numberColumn("Strategies", (row) => row.strategies, { from: "md" }),
  numberColumn("Done today", (row) => row.doneToday, { from: "md" }),
  numberColumn("Refused today", (row) => row.refusedToday, { from: "md" }),
  actionColumn((row) => <Actions agent={row} />),
];

const SHOWN = [
  { value: "all", label: "All agents" },
  { value: "tripped", label: "Held by a breaker" },
] as const;

function Signer() {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.agentAdmin.signer.queryOptions(undefined, { refetchInterval: every(5_000) }));
  return (
    <StatGroup>
      <Stat
        label="Signer"
        value={data && (data.isUp ? "Answers" : "Does not answer")}
        detail={data?.keyId && <span className="font-mono">key {data.keyId}</span>}
      />
      <Stat label="Keys of agents" value={data?.agentKeys} />
      <Stat label="To rotate" value={data && (data.walletsToRotate ?? "–")} detail="Under an older key" />
      <Stat label="Signed today" value={data?.signedToday} />
    </StatGroup>
  );
}

/** Everybody's agents, what holds them, and the switches. */
export function AgentsView() {
  const trpc = useTRPC();
  const [shown, setShown] = useAddressValue("show");
  const only = shown === "tripped" ? "tripped" : "all";
  const query = useInfiniteQuery(
    trpc.agentAdmin.list.infiniteQueryOptions(
      { limit: 50, only },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  return (
    <div className="flex flex-col gap-6">
      <Signer />
      <AgentHalt />
      <PagedCard
        title="Agents"
        query={query}
        columns={COLUMNS}
        rowKey={(row) => row.id}
        action={<Select label="Which agents" options={SHOWN} value={only} onValueChange={setShown} />}
        empty={
          <EmptyState title={only === "tripped" ? "Nothing is held" : "No agent yet"}>
            Agents appear here with what they do and what stops them.
          </EmptyState>
        }
      />
    </div>
  );
}
