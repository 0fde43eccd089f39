"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, useState } from "react";
import type { PolicyVersionView } from "#core/schemas/policy-version.ts";
import { every } from "../api/every.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { signOperation } from "../identity/sign-operation.ts";
import { Amount } from "../money/amount.tsx";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn, timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { Opener } from "../ui/opener.tsx";
import { Time } from "../ui/time.tsx";
import { toast } from "../ui/toast.ts";
import { windowWord } from "./window-word.ts";

const ChangePolicyDialog = lazy(() => import("./change-policy-dialog.tsx"));

const STATES: StatusWords<PolicyVersionView["status"]> = {
  staged: ["busy", "Waiting"],
  "waiting-owner": ["warn", "To be signed"],
  active: ["ok", "Active"],
  replaced: ["idle", "Replaced"],
  withdrawn: ["idle", "Withdrawn"],
};

function SignButton({ id, number }: { id: string; number: number }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [isPending, setIsPending] = useState(false);
  const prepare = useMutation(trpc.agent.preparePolicy.mutationOptions());
  const submit = useMutation(trpc.account.submitOperation.mutationOptions());
  const run = async () => {
    setIsPending(true);
    try {
      const { operation } = await prepare.mutateAsync({ id, number });
      await submit.mutateAsync({ id: operation.id, signature: await signOperation(operation) });
      toast.success("Signed", { description: "It holds as soon as the chain has it." });
      await queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
    } catch (error) {
      notifyError("It could not be signed", error);
    } finally {
      setIsPending(false);
    }
  };
  return (
    <Button size="sm" variant="primary" isPending={isPending} onClick={() => void run()}>
      Sign
    </Button>
  );
}

function WithdrawButton({ id, number }: { id: string; number: number }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const withdraw = useMutation(
    trpc.agent.withdrawPolicy.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() }),
      onError: (error) => notifyError("It could not be withdrawn", error),
    }),
  );
  return (
    <Button size="sm" isPending={withdraw.isPending} onClick={() => withdraw.mutate({ id, number })}>
      Withdraw
    </Button>
  );
}

const isOpen = ({ status }: PolicyVersionView): boolean => status === "staged" || status === "waiting-owner";

const columnsOf = (id: string): readonly Column<PolicyVersionView>[] => [
  {
    id: "version",
    header: "Version",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <span className="block font-medium">
          {row.number}, {row.isNarrower ? "narrower" : row.number === 1 ? "the first" : "wider"}
        </span>
        <span className="block text-ink-3 text-xs">
          <Amount units={row.policy.windowCap.units} /> in {windowWord(row.policy.windowSeconds)},{" "}
          {row.policy.rules.length === 1 ? "1 rule" : `${row.policy.rules.length} rules`}
        </span>
        {row.others.needed > 0 && (
          <span className="block text-ink-3 text-xs">
            {row.others.agreed.length} of {row.others.needed} others agreed
          </span>
        )}
        {row.status === "staged" && !row.isDue && (
          <span className="block text-ink-3 text-xs">
            To be signed <Time iso={row.effectiveAt} />
          </span>
        )}
      </span>
    ),
  },
  { id: "status", header: "Status", cell: (row) => <StatusWord words={STATES} status={row.status} /> },
  timeColumn("Made", (row) => row.createdAt, { from: "sm" }),
  actionColumn((row) => (
    <span className="flex flex-wrap justify-end gap-2 py-1">
      {row.isDue && row.number > 1 && row.others.agreed.length >= row.others.needed && (
        <SignButton id={id} number={row.number} />
      )}
      {isOpen(row) && row.number > 1 && <WithdrawButton id={id} number={row.number} />}
    </span>
  )),
];

/** Every policy the agent had, has and is to have; and the way to the next. */
export default function PolicyVersions({ id, isChangeable }: { id: string; isChangeable: boolean }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.agent.listPolicies.queryOptions({ id }, { refetchInterval: every(5_000) }));
  const source = query.data?.data.find(({ status }) => status !== "withdrawn")?.source;
  return (
    <QueryCard
      title="Versions of its policy"
      description="What allows less holds at once. What allows more waits, and takes your signature."
      action={
        isChangeable && source ? (
          <Opener trigger={<Button>Change its limits</Button>}>
            {(popup) => <ChangePolicyDialog {...popup} id={id} source={source} />}
          </Opener>
        ) : undefined
      }
      query={query}
      columns={columnsOf(id)}
      rowKey={(row) => String(row.number)}
      empty={null}
    />
  );
}
