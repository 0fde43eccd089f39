"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";

export default function RejectAdjustmentDialog({ id, ...popup }: Popup & { id: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const reject = useMutation(
    trpc.adjustment.reject.mutationOptions({
      onSuccess: () => popup.onOpenChange(false),
      onSettled: () => queryClient.invalidateQueries({ queryKey: trpc.adjustment.list.pathKey() }),
    }),
  );
  return (
    <FormDialog
      {...popup}
      title="Reject this adjustment"
      description="Nothing moves. Whoever proposed it reads your reason."
      submitLabel="Reject"
      isReady={reason.trim().length >= 3}
      isPending={reject.isPending}
      error={reject.error}
      onSubmit={() => reject.mutate({ id, reason: reason.trim() })}
    >
      <Field label="Reason">
        <Input value={reason} maxLength={200} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </FormDialog>
  );
}
