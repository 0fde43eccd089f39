"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import { CheckboxRow } from "../ui/checkbox-row.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";
import { type Breaker, NAMES } from "./breaker-words.ts";

const IN_BPS = new Set<Breaker["kind"]>(["drawdown", "slippage", "oracle"]);
const isWhole = (text: string): boolean => /^\d{1,9}$/.test(text);

export default function SetBreakerDialog({ id, breaker, ...popup }: Popup & { id: string; breaker: Breaker }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { kind } = breaker;
  const [isOn, setIsOn] = useState(breaker.isOn);
  const [limit, setLimit] = useState(breaker.limit);
  const [rearmAt, setRearmAt] = useState(breaker.rearmAt);
  const [seconds, setSeconds] = useState(String(breaker.seconds));
  const [hold, setHold] = useState(breaker.holdSeconds === null ? "" : String(breaker.holdSeconds));
  const set = useMutation(
    trpc.agent.setBreaker.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        toast.success("The breaker is set");
        await queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
      },
    }),
  );
  const isReady = isWhole(limit) && isWhole(rearmAt) && isWhole(seconds) && (hold === "" || isWhole(hold));
  const submit = () =>
    kind !== "manual" &&
    set.mutate({
      id,
      kind,
      isOn,
      limit,
      rearmAt,
      seconds: Number(seconds),
      holdSeconds: hold === "" ? null : Number(hold),
    });
  return (
    <FormDialog
      {...popup}
      title={NAMES[kind]}
      description="What it trips at, and when it may arm again."
      submitLabel="Set"
      isReady={isReady}
      isPending={set.isPending}
      error={set.error}
      onSubmit={submit}
    >
      <CheckboxRow checked={isOn} onCheckedChange={setIsOn} label="On" />
      {kind === "counterparty" ? (
        <AmountInput label="At most to somebody new" units={limit} onUnitsChange={setLimit} />
      ) : (
        <>
          <Field label="Trips above" {...(IN_BPS.has(kind) ? { hint: "In hundredths of a percent." } : {})}>
            <Input inputMode="numeric" value={limit} onChange={(event) => setLimit(event.target.value)} />
          </Field>
          <Field label="Within, in seconds">
            <Input inputMode="numeric" value={seconds} onChange={(event) => setSeconds(event.target.value)} />
          </Field>
          <Field label="Arms again at or below">
            <Input inputMode="numeric" value={rearmAt} onChange={(event) => setRearmAt(event.target.value)} />
          </Field>
        </>
      )}
      <Field label="Stays tripped for at least, in seconds" hint="Empty: until you arm it yourself.">
        <Input inputMode="numeric" value={hold} onChange={(event) => setHold(event.target.value)} />
      </Field>
    </FormDialog>
  );
}
