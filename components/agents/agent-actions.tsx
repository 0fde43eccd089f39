"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Pause, PenLine, Play } from "lucide-react";
import { lazy, useState } from "react";
import type { PreparedOperation } from "#core/schemas/account.ts";
import type { AgentDetail } from "#core/schemas/agent.ts";
import { notifyError } from "../api/notify-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { signOperation } from "../identity/sign-operation.ts";
import { Button } from "../ui/button.tsx";
import { Opener } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

type Props = { agent: AgentDetail };

const FundDialog = lazy(() => import("./fund-dialog.tsx"));
const PayDialog = lazy(() => import("./pay-dialog.tsx"));
const ExportKeyDialog = lazy(() => import("./export-key-dialog.tsx"));

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
      notifyError("That did not work", error);
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
  return (
    <Opener trigger={<Button>Fund</Button>}>{(popup) => <FundDialog {...popup} agent={agent} to="account" />}</Opener>
  );
}

function PayButton({ agent }: Props) {
  return <Opener trigger={<Button>Let it pay</Button>}>{(popup) => <PayDialog {...popup} agent={agent} />}</Opener>;
}

function ExportButton({ agent }: Props) {
  return (
    <Opener trigger={<Button variant="ghost">Take its key</Button>}>
      {(popup) => <ExportKeyDialog {...popup} agent={agent} />}
    </Opener>
  );
}

export function AgentActions({ agent }: Props) {
  if (agent.status === "awaiting-owner") return <SignGrantButton agent={agent} />;
  if (agent.status === "revoked") return null;
  return (
    <>
      <ExportButton agent={agent} />
      <FundButton agent={agent} />
      {agent.status === "active" && <PayButton agent={agent} />}
      {agent.status === "active" ? <PauseButton agent={agent} /> : <ResumeButton agent={agent} />}
    </>
  );
}
