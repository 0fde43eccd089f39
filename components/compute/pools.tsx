"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { NodeView } from "#core/schemas/compute.ts";
import { type PoolScheme, type PoolView, type PoolWorkerView, poolScheme } from "#core/schemas/pool.ts";
import { every } from "../api/every.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { notifyError } from "../api/notify-error.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn, numberColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Opener, type Popup } from "../ui/opener.tsx";
import { Select } from "../ui/select.tsx";
import { toast } from "../ui/toast.ts";

const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 2 });
const SCHEMES: Record<PoolScheme, string> = {
  pps: "Each its own work (PPS)",
  pplns: "Shared over the newest work (PPLNS)",
};

function useRefresh() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: trpc.pool.pathKey() });
}

/** Which of one's nodes to put in. */
function JoinDialog({ chosen, nodes, ...popup }: Popup & { chosen: PoolView; nodes: readonly NodeView[] }) {
  const [nodeId, setNodeId] = useState(nodes[0]?.id ?? null);
  const trpc = useTRPC();
  const refresh = useRefresh();
  const join = useMutation(
    trpc.pool.join.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await refresh();
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title={`Join ${chosen.name}`}
      description={`What the node earns goes to the pool and is shared out: ${SCHEMES[chosen.scheme].toLowerCase()}. The pool keeps ${percent.format(chosen.feeBps / 10_000)}.`}
      submitLabel="Join"
      isReady={nodeId !== null}
      isPending={join.isPending}
      error={join.error}
      onSubmit={() => nodeId && join.mutate({ id: chosen.id, nodeId })}
    >
      <Field label="Node" hint="It is in one pool at a time.">
        <Select
          value={nodeId}
          onValueChange={setNodeId}
          options={nodes.map((node) => ({ value: node.id, label: node.name }))}
        />
      </Field>
    </FormDialog>
  );
}

function OpenPoolDialog(popup: Popup) {
  const [name, setName] = useState("");
  const [scheme, setScheme] = useState<PoolScheme>("pplns");
  const [fee, setFee] = useState("1");
  const trpc = useTRPC();
  const refresh = useRefresh();
  const create = useMutation(
    trpc.pool.create.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await refresh();
      },
    }),
  );
  const feeBps = Math.round(Number(fee) * 100);
  return (
    <FormDialog
      {...popup}
      title="Open a pool"
      description="Nodes of anybody can join it and earn as one."
      submitLabel="Open it"
      isReady={name.trim().length >= 2 && fee !== "" && feeBps >= 0 && feeBps <= 2_000}
      isPending={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate({ name: name.trim(), scheme, feeBps })}
    >
      <Field label="Name">
        <Input value={name} maxLength={60} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field label="Paid out by">
        <Select
          value={scheme}
          onValueChange={(value) => setScheme(poolScheme.parse(value))}
          options={poolScheme.options.map((value) => ({ value, label: SCHEMES[value] }))}
        />
      </Field>
      <Field label="Your fee, percent" hint="At most 20.">
        <Input
          inputMode="decimal"
          className="tabular"
          value={fee}
          onChange={(event) => setFee(event.target.value.replace(/[^\d.]/g, ""))}
        />
      </Field>
    </FormDialog>
  );
}

function LeaveButton({ worker }: { worker: PoolWorkerView }) {
  const trpc = useTRPC();
  const refresh = useRefresh();
  const leave = useMutation(
    trpc.pool.leave.mutationOptions({
      onSuccess: () => {
        toast.success(`${worker.nodeName} earns on its own again`);
        return refresh();
      },
      onError: (error) => notifyError("It was not taken out", error),
    }),
  );
  return (
    <Button
      size="sm"
      variant="ghost"
      isPending={leave.isPending}
      onClick={() => leave.mutate({ nodeId: worker.nodeId })}
    >
      Leave
    </Button>
  );
}

const WORKER_COLUMNS: readonly Column<PoolWorkerView>[] = [
  {
    id: "worker",
    header: "Worker",
    cell: (worker) => (
      <span className="block min-w-0 py-1">
        <span className="block truncate font-medium">{worker.nodeName}</span>
        <span className="block text-ink-3 text-xs">{worker.isOnline ? "Online" : "Away"}</span>
      </span>
    ),
  },
  {
    id: "hour",
    header: "Last hour",
    align: "right",
    from: "sm",
    cell: (worker) => <Amount units={worker.workHour} />,
  },
  { id: "day", header: "Last day", align: "right", cell: (worker) => <Amount units={worker.workDay} /> },
  actionColumn((worker) => (worker.isMine ? <LeaveButton worker={worker} /> : null)),
];

/** A pool one looks into: its workers, and what it paid the one who looks. */
function Workers({ id, name }: { id: string; name: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.pool.get.queryOptions({ id }, { refetchInterval: every(10_000) }));
  const last = query.data?.payouts[0];
  return (
    <QueryCard
      title={name}
      description={
        last
          ? `Work at the workers’ own prices. Your last share came in payout ${last.round}.`
          : "Work at the workers’ own prices."
      }
      query={{ ...query, data: query.data && { data: query.data.workers } }}
      columns={WORKER_COLUMNS}
      rowKey={(worker) => worker.nodeId}
      skeletonRows={1}
      empty={<EmptyState title="No worker yet">Nodes appear here as their owners put them in.</EmptyState>}
    />
  );
}

/** Pools of nodes that earn as one, and what one's own do in them. */
export function Pools({ nodes }: { nodes: readonly NodeView[] }) {
  const trpc = useTRPC();
  const [shown, setShown] = useState<PoolView | null>(null);
  const query = useQuery(trpc.pool.list.queryOptions(undefined, { refetchInterval: every(10_000) }));
  const own = nodes.filter(({ status }) => status !== "removed");
  const columns: readonly Column<PoolView>[] = [
    {
      id: "pool",
      header: "Pool",
      cell: (row) => (
        <span className="block min-w-0 py-1">
          <span className="block font-medium">{row.name}</span>
          <span className="block text-ink-3 text-xs">{SCHEMES[row.scheme]}</span>
        </span>
      ),
    },
    numberColumn("Nodes", (row) => row.nodes),
    numberColumn("Fee", (row) => percent.format(row.feeBps / 10_000), { from: "sm" }),
    { id: "work", header: "Work, last day", align: "right", from: "md", cell: (row) => <Amount units={row.workDay} /> },
    actionColumn((row) => (
      <span className="flex flex-wrap justify-end gap-2">
        <Button size="sm" variant="ghost" onClick={() => setShown(row)}>
          Workers
        </Button>
        {own.length > 0 && (
          <Opener trigger={<Button size="sm">Join</Button>}>
            {(popup) => <JoinDialog {...popup} chosen={row} nodes={own} />}
          </Opener>
        )}
      </span>
    )),
  ];
  return (
    <>
      <QueryCard
        title="Pools"
        description="Nodes that earn as one: what comes in is shared by verified work."
        action={
          <Opener trigger={<Button size="sm">Open a pool</Button>}>{(popup) => <OpenPoolDialog {...popup} />}</Opener>
        }
        query={query}
        columns={columns}
        rowKey={(row) => row.id}
        skeletonRows={1}
        empty={
          <EmptyState title="No pool yet">
            Alone, a node earns when somebody rents it. In a pool it earns a steadier share of what all of them do.
          </EmptyState>
        }
      />
      {shown !== null && <Workers key={shown.id} id={shown.id} name={shown.name} />}
    </>
  );
}
