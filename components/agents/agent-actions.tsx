"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Pause, PenLine, Play } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import type { PreparedOperation } from "#core/schemas/account.ts";
import type { AgentDetail } from "#core/schemas/agent.ts";
import { notifyError } from "../api/notify-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { signOperation } from "../identity/sign-operation.ts";
import { describeFailure } from "../identity/start-sign-in.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { MoneyDialog } from "./money-dialog.tsx";
import { isAddress } from "./policy-draft.ts";

type Props = { agent: AgentDetail };

/** `transfer(address,uint256)`: the function by which an agent pays. */
const TRANSFER_SELECTOR = "0xa9059cbb";

/** Stopping needs no signature and no second question: it must work at once, and can be undone. */
function PauseButton({ agent }: Props) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const pause = useMutation(
    trpc.agent.pause.mutationOptions({
      onSuccess: () => {
        toast.success(`${agent.name} is paused`, {
          description: "The signer refuses it from now on; the chain follows.",
        });
        return queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
      },
      onError: (error) => notifyError("The agent could not be paused", error),
    }),
  );
  return (
    <Button variant="danger" isPending={pause.isPending} onClick={() => pause.mutate({ id: agent.id })}>
      {!pause.isPending && <Pause aria-hidden />} Pause
    </Button>
  );
}

type OwnerButtonProps = {
  label: string;
  icon: typeof Play;
  done: string;
  /** Prepares what is to be signed and sends it with the signature. */
  carryOut: (sign: (operation: PreparedOperation) => ReturnType<typeof signOperation>) => Promise<unknown>;
};

/** Anything that only the owner may do: prepare, sign, send. */
function OwnerButton({ label, icon: Icon, done, carryOut }: OwnerButtonProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [isPending, setIsPending] = useState(false);
  const run = async () => {
    setIsPending(true);
    try {
      await carryOut(signOperation);
      toast.success(done);
      await queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
    } catch (error) {
      if (error instanceof DOMException) toast.error("Not signed", { description: describeFailure(error) });
      else notifyError("That did not work", error);
    } finally {
      setIsPending(false);
    }
  };
  return (
    <Button variant="primary" isPending={isPending} onClick={() => void run()}>
      {!isPending && <Icon aria-hidden />} {label}
    </Button>
  );
}

function ResumeButton({ agent }: Props) {
  const trpc = useTRPC();
  const resume = useMutation(trpc.agent.resume.mutationOptions());
  const submit = useMutation(trpc.account.submitOperation.mutationOptions());
  return (
    <OwnerButton
      label="Resume"
      icon={Play}
      done={`${agent.name} resumes when the chain has your signature`}
      carryOut={async (sign) => {
        const { operation } = await resume.mutateAsync({ id: agent.id });
        await submit.mutateAsync({ id: operation.id, signature: await sign(operation) });
      }}
    />
  );
}

function SignGrantButton({ agent }: Props) {
  const trpc = useTRPC();
  const prepare = useMutation(trpc.agent.prepareGrant.mutationOptions());
  const confirm = useMutation(trpc.agent.confirmAgent.mutationOptions());
  return (
    <OwnerButton
      label="Sign its limits"
      icon={PenLine}
      done={`${agent.name} becomes active when the chain has your grant`}
      carryOut={async (sign) => {
        const { operation } = await prepare.mutateAsync({ id: agent.id });
        await confirm.mutateAsync({ id: agent.id, signature: await sign(operation) });
      }}
    />
  );
}

function FundButton({ agent }: Props) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const fund = useMutation(trpc.agent.fundAgent.mutationOptions({ onSuccess: () => queryClient.invalidateQueries() }));
  return (
    <MoneyDialog
      trigger={<Button>Fund</Button>}
      title={`Fund ${agent.name}`}
      description="From your balance to the agent’s own account."
      submitLabel="Fund"
      onSubmit={async (units) => {
        await fund.mutateAsync({ id: agent.id, units });
        toast.success("The money is on its way to the agent");
      }}
    />
  );
}

function PayButton({ agent }: Props) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [recipient, setRecipient] = useState(
    agent.policy.rules.find((rule) => rule.selector.toLowerCase() === TRANSFER_SELECTOR)?.counterparty ?? "",
  );
  const pay = useMutation(
    trpc.agent.pay.mutationOptions({
      onSettled: () => queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() }),
    }),
  );
  return (
    <MoneyDialog
      trigger={<Button>Let it pay</Button>}
      title={`Let ${agent.name} pay`}
      description="It is held to its limits here as anywhere: try to exceed them."
      submitLabel="Propose payment"
      isReady={isAddress(recipient)}
      onSubmit={async (units) => {
        const activity = await pay.mutateAsync({ id: agent.id, recipient, units });
        if (activity.refusal)
          toast.error(`Refused by the ${activity.refusal.refusedBy}`, {
            description: `${activity.refusal.rule}: ${activity.refusal.fix}`,
          });
        else toast.success("The payment is under way");
      }}
    >
      <Field
        label="To"
        error={recipient !== "" && !isAddress(recipient) ? "An address is 0x and 40 hexadecimal digits." : undefined}
      >
        <Input
          className="font-mono"
          value={recipient}
          onChange={(event) => setRecipient(event.target.value.trim())}
          placeholder="0x…"
          spellCheck={false}
        />
      </Field>
    </MoneyDialog>
  );
}

export function AgentActions({ agent }: Props) {
  if (agent.status === "awaiting-owner") return <SignGrantButton agent={agent} />;
  if (agent.status === "revoked") return null;
  return (
    <>
      <FundButton agent={agent} />
      {agent.status === "active" && <PayButton agent={agent} />}
      {agent.status === "active" ? <PauseButton agent={agent} /> : <ResumeButton agent={agent} />}
    </>
  );
}
