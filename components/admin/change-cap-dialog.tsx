"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { PlatformCapView } from "#core/schemas/cap.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { timeWord } from "../limits/limit-words.ts";
import { AmountInput } from "../money/amount-input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { ReasonField } from "./reason-field.tsx";

export default function ChangeCapDialog({ cap, ...popup }: Popup & { cap: PlatformCapView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [units, setUnits] = useState(cap.limit.units);
  const [reason, setReason] = useState("");
  const change = useMutation(
    trpc.admin.changeCap.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await queryClient.invalidateQueries({ queryKey: trpc.admin.listCaps.pathKey() });
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title="Raise or lower a cap"
      description={`${cap.scope}, ${timeWord(cap)}. What was spent still counts.`}
      submitLabel="Change cap"
      isReady={units !== "" && units !== cap.limit.units && reason.trim().length >= 3}
      isPending={change.isPending}
      error={change.error}
      onSubmit={() => change.mutate({ id: cap.id, units, reason: reason.trim() })}
    >
      <AmountInput label="At most" hint="0 stops all of it." units={units} onUnitsChange={setUnits} />
      <ReasonField reason={reason} onReasonChange={setReason} />
    </FormDialog>
  );
}
