"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";

export default function RejectDialog({ id, ...popup }: Popup & { id: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const reject = useMutation(
    trpc.admin.rejectWithdrawal.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await queryClient.invalidateQueries({ queryKey: trpc.admin.listApprovals.pathKey() });
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title="Reject this withdrawal"
      description="The money is the person’s again at once, and they read your reason."
      submitLabel="Reject"
      isReady={reason.trim().length >= 3}
      isPending={reject.isPending}
      error={reject.error}
      onSubmit={() => reject.mutate({ id, reason: reason.trim() })}
    >
      <Field label="Reason">
        <Input value={reason} maxLength={300} onChange={(event) => setReason(event.target.value)} />
      </Field>
    </FormDialog>
  );
}
