"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Opener, type Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

function StopAllDialog(popup: Popup) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("Stopped by hand");
  const stop = useMutation(
    trpc.agent.stopAll.mutationOptions({
      onSuccess: async ({ stopped }) => {
        popup.onOpenChange(false);
        toast.success(stopped === 1 ? "One agent is stopped" : `${stopped} agents are stopped`, {
          description: "Nothing more is signed for them. Each is armed again on its page.",
        });
        await queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title="Stop all your agents"
      description="The signer signs nothing for any of them from now on."
      submitLabel="Stop all"
      isReady={reason.trim().length >= 3}
      isPending={stop.isPending}
      error={stop.error}
      onSubmit={() => stop.mutate({ reason: reason.trim() })}
    >
      <Field label="Why">
        <Input value={reason} maxLength={300} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </FormDialog>
  );
}

/** The kill switch over a person's own agents. */
export function StopAll() {
  return (
    <Opener trigger={<Button variant="danger">Stop all</Button>}>{(popup) => <StopAllDialog {...popup} />}</Opener>
  );
}
