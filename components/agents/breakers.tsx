"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy } from "react";
import type { BreakerView } from "#core/schemas/agent.ts";
import { every } from "../api/every.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { Opener } from "../ui/opener.tsx";
import { Time } from "../ui/time.tsx";
import { toast } from "../ui/toast.ts";
import { type Breaker, breakerRule, measuredWord, NAMES } from "./breaker-words.ts";

const SetBreakerDialog = lazy(() => import("./set-breaker-dialog.tsx"));
const TripDialog = lazy(() => import("./trip-dialog.tsx"));

const STATES: StatusWords<"tripped" | "armed" | "off"> = {
  tripped: ["bad", "Tripped"],
  armed: ["ok", "Armed"],
  off: ["idle", "Off"],
};
const stateOf = ({ trippedAt, isOn }: Breaker) => (trippedAt !== null ? "tripped" : isOn ? "armed" : "off");

function ArmButton({ id, kind }: { id: string; kind: Breaker["kind"] }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const arm = useMutation(
    trpc.agent.armBreaker.mutationOptions({
      onSuccess: () => {
        toast.success("Armed again");
        return queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
      },
      onError: (error) => notifyError("It could not be armed", error),
    }),
  );
  return (
    <Button size="sm" variant="primary" isPending={arm.isPending} onClick={() => arm.mutate({ id, kind })}>
      Arm again
    </Button>
  );
}

const columnsOf = (id: string): readonly Column<Breaker>[] => [
  {
    id: "breaker",
    header: "Breaker",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <span className="block font-medium">{NAMES[row.kind]}</span>
        <span className="block text-ink-3 text-xs">{breakerRule(row)}</span>
        {row.trippedAt !== null && (
          <span className="block text-sm">
            {row.reason} <Time iso={row.trippedAt} className="text-ink-3 text-xs" />
          </span>
        )}
      </span>
    ),
  },
  {
    id: "now",
    header: "Now",
    align: "right",
    from: "sm",
    cell: (row) =>
      row.measured === null ? (
        <span className="text-ink-3">–</span>
      ) : (
        <span className="tabular">{measuredWord(row)}</span>
      ),
  },
  { id: "state", header: "State", cell: (row) => <StatusWord words={STATES} status={stateOf(row)} /> },
  actionColumn((row) => (
    <span className="flex flex-wrap justify-end gap-2 py-1">
      {row.trippedAt !== null && <ArmButton id={id} kind={row.kind} />}
      {row.kind === "manual" && row.trippedAt === null && (
        <Opener trigger={<Button size="sm">Trip</Button>}>{(popup) => <TripDialog {...popup} id={id} />}</Opener>
      )}
      {row.kind !== "manual" && (
        <Opener trigger={<Button size="sm">Set</Button>}>
          {(popup) => <SetBreakerDialog {...popup} id={id} breaker={row} />}
        </Opener>
      )}
    </span>
  )),
];

function Events({ events }: Pick<BreakerView, "events">) {
  if (events.length === 0) return null;
  return (
    <ul className="divide-y divide-line border-line border-t px-4 text-sm">
      {events.slice(0, 5).map(({ id, kind, what, reason, createdAt }) => (
        <li key={id} className="flex flex-wrap items-baseline gap-x-2 py-2">
          <span>
            {NAMES[kind]} {what === "tripped" ? "tripped" : "was armed again"}
          </span>
          <Time iso={createdAt} className="text-ink-3 text-xs" />
          <span className="basis-full text-ink-3 text-xs">{reason}</span>
        </li>
      ))}
    </ul>
  );
}

/** What stops the agent by itself, beside its policy: the policy says what it may, these say when it is unlike itself. */
export default function Breakers({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.agent.listBreakers.queryOptions({ id }, { refetchInterval: every(5_000) }));
  return (
    <QueryCard
      title="Breakers"
      description="While one is tripped the signer signs nothing for this agent."
      query={query}
      columns={columnsOf(id)}
      rowKey={(row) => row.kind}
      empty={null}
      above={query.data ? <Events events={query.data.events} /> : null}
    />
  );
}
