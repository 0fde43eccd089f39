"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Covers } from "#core/schemas/cap.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";
import { type CoversDraft, CoversFields, readCovers } from "./covers-fields.tsx";
import { readTime, TIME_DRAFT, TimeFields } from "./time-fields.tsx";

/** Sets a limit: on what a page is about, or on what the person chooses. */
export default function CreateLimitDialog({ fixed, ...popup }: Popup & { fixed?: Covers | undefined }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [draft, setDraft] = useState<CoversDraft>({ kind: "everything", which: "" });
  const [units, setUnits] = useState("");
  const [time, setTime] = useState(TIME_DRAFT);
  const create = useMutation(
    trpc.cap.create.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        toast.success("The limit holds from now on");
        await queryClient.invalidateQueries({ queryKey: trpc.cap.list.queryKey() });
      },
    }),
  );
  const covers = fixed ?? readCovers(draft);
  const terms = readTime(time);
  return (
    <FormDialog
      {...popup}
      title="Set a limit"
      description="What goes above it is refused before anything is charged. What was spent in the same time counts already."
      submitLabel="Set limit"
      isReady={covers !== null && terms !== null && units !== ""}
      isPending={create.isPending}
      error={create.error}
      onSubmit={() => covers && terms && create.mutate({ covers, units, ...terms })}
    >
      {fixed === undefined && <CoversFields draft={draft} onChange={setDraft} />}
      <AmountInput label="At most" hint="0 stops all spending." units={units} onUnitsChange={setUnits} />
      <TimeFields time={time} onChange={setTime} />
    </FormDialog>
  );
}
