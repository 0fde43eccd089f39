"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { PlatformCapView } from "#core/schemas/cap.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import type { Popup } from "../ui/opener.tsx";
import { ReasonField } from "./reason-field.tsx";

export default function RemoveCapDialog({ cap, ...popup }: Popup & { cap: PlatformCapView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState("");
  const remove = useMutation(
    trpc.admin.removeCap.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await queryClient.invalidateQueries({ queryKey: trpc.admin.listCaps.pathKey() });
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title="Remove this cap"
      description={`${cap.scope}: it holds nothing back from now on.`}
      submitLabel="Remove cap"
      isReady={reason.trim().length >= 3}
      isPending={remove.isPending}
      error={remove.error}
      onSubmit={() => remove.mutate({ id: cap.id, reason: reason.trim() })}
    >
      <ReasonField reason={reason} onReasonChange={setReason} />
    </FormDialog>
  );
}
