"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { CapView } from "#core/schemas/cap.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { coversWord, timeWord } from "./limit-words.ts";

export default function ChangeLimitDialog({ cap, ...popup }: Popup & { cap: CapView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [units, setUnits] = useState(cap.limit.units);
  const change = useMutation(
    trpc.cap.change.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await queryClient.invalidateQueries({ queryKey: trpc.cap.list.queryKey() });
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title="Raise or lower a limit"
      description={`${coversWord(cap)}, ${timeWord(cap)}. What was spent still counts.`}
      submitLabel="Change limit"
      isReady={units !== "" && units !== cap.limit.units}
      isPending={change.isPending}
      error={change.error}
      onSubmit={() => change.mutate({ id: cap.id, units })}
    >
      <AmountInput label="At most" hint="0 stops all spending." units={units} onUnitsChange={setUnits} />
    </FormDialog>
  );
}
