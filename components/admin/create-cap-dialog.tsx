"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { readTime, TIME_DRAFT, TimeFields } from "../limits/time-fields.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { ReasonField } from "./reason-field.tsx";

export default function CreateCapDialog(popup: Popup) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [scope, setScope] = useState("");
  const [units, setUnits] = useState("");
  const [time, setTime] = useState(TIME_DRAFT);
  const [reason, setReason] = useState("");
  const create = useMutation(
    trpc.admin.createCap.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await queryClient.invalidateQueries({ queryKey: trpc.admin.listCaps.pathKey() });
      },
    }),
  );
  const terms = readTime(time);
  return (
    <FormDialog
      {...popup}
      title="Set a cap"
      description="It holds from now on for everybody under the scope, and counts what they spent in the same time."
      submitLabel="Set cap"
      isReady={scope !== "" && units !== "" && terms !== null && reason.trim().length >= 3}
      isPending={create.isPending}
      error={create.error}
      onSubmit={() => terms && create.mutate({ scope, units, ...terms, reason: reason.trim() })}
    >
      <Field label="Scope" hint="category:inference, provider:node_…, counterparty:0x…, campaign:cmp_…, user:usr_…">
        <Input
          className="font-mono"
          value={scope}
          maxLength={200}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setScope(event.target.value.trim())}
        />
      </Field>
      <AmountInput label="At most" hint="0 stops all of it." units={units} onUnitsChange={setUnits} />
      <TimeFields time={time} onChange={setTime} />
      <ReasonField reason={reason} onReasonChange={setReason} />
    </FormDialog>
  );
}
