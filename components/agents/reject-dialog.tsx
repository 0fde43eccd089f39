"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

export default function RejectDialog({ id, ...popup }: Popup & { id: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const reject = useMutation(
    trpc.agent.reject.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        toast.success("It is over: nothing was sent");
        await queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title="Say no"
      description="The action ends here. Its reason stays in the agent's history."
      submitLabel="Say no"
      isReady={reason.trim().length >= 3}
      isPending={reject.isPending}
      error={reject.error}
      onSubmit={() => reject.mutate({ id, reason: reason.trim() })}
    >
      <Field label="Why">
        <Input value={reason} maxLength={300} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </FormDialog>
  );
}
