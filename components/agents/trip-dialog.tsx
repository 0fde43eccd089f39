"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

export default function TripDialog({ id, ...popup }: Popup & { id: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const trip = useMutation(
    trpc.agent.tripBreaker.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        toast.success("Tripped: the signer refuses this agent from now on");
        await queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title="Trip the breaker"
      description="Nothing is signed for this agent until you arm it again. Unlike a pause it costs no signature of yours."
      submitLabel="Trip"
      isReady={reason.trim().length >= 3}
      isPending={trip.isPending}
      error={trip.error}
      onSubmit={() => trip.mutate({ id, reason: reason.trim() })}
    >
      <Field label="Why" hint="You will read it here later.">
        <Input value={reason} onChange={(event) => setReason(event.target.value)} maxLength={300} />
      </Field>
    </FormDialog>
  );
}
