"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Address } from "viem";
import { EXPORT_PURPOSE } from "#core/key-export.ts";
import { lockKey } from "#core/keystore.ts";
import type { AgentDetail } from "#core/schemas/agent.ts";
import { makeRecipient, type SealedKey } from "#core/sealed-key.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { signOperation } from "../identity/sign-operation.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

const PASSWORD_MIN = 10;

function save(name: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The agent's key for its owner, locked up in this page: it comes sealed, and no server ever has it open. */
export default function ExportKeyDialog({ agent, ...popup }: Popup & { agent: AgentDetail }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const prepare = useMutation(trpc.agent.prepareExport.mutationOptions());
  const take = useMutation(trpc.agent.exportKey.mutationOptions());
  const run = useMutation({
    mutationFn: async () => {
      const { recipient, open } = await makeRecipient(EXPORT_PURPOSE);
      const { expiresAt, ...toSign } = await prepare.mutateAsync({ id: agent.id, recipient });
      const signature = await signOperation(toSign);
      const sealed = await take.mutateAsync({ id: agent.id, recipient, expiresAt, signature });
      const secret = await open(sealed as SealedKey);
      const keystore = await lockKey(secret, agent.key as Address, password);
      secret.fill(0);
      save(`UTC--${new Date().toISOString().replaceAll(":", "-")}--${keystore.address}.json`, JSON.stringify(keystore));
    },
    onSuccess: async () => {
      popup.onOpenChange(false);
      toast.success("The key is in the file", { description: "Locked with your password. Keep both apart." });
      await queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
    },
  });
  const isReady = password.length >= PASSWORD_MIN && password === again;
  return (
    <FormDialog
      {...popup}
      title="Take the key with you"
      description="As an encrypted keystore (version 3), which wallets read. Whoever has it can act within what the contract allows; guards, breakers and pauses at the signer do not hold them."
      submitLabel="Sign and save"
      isReady={isReady}
      isPending={run.isPending}
      error={run.error}
      onSubmit={() => run.mutate()}
    >
      <Field label="Password" hint={`At least ${PASSWORD_MIN} characters. Nobody here can help without it.`}>
        <Input
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </Field>
      <Field label="Again" {...(again !== "" && again !== password ? { error: "They differ." } : {})}>
        <Input
          type="password"
          autoComplete="new-password"
          value={again}
          onChange={(event) => setAgain(event.target.value)}
        />
      </Field>
    </FormDialog>
  );
}
