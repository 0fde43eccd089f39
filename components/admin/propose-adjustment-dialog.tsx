"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { AdjustmentSource } from "#core/adjustment.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";
import { AdjustmentSourceFields } from "./adjustment-source-fields.tsx";

const TRANSFERS_MAX = 20;

export type TransferDraft = { key: number; debit: string; credit: string; units: string };
export type SourceDraft = { kind: AdjustmentSource["kind"] | ""; transactionHash: string; logIndex: string };
/** What the dialog begins with, where a page knows what it is about. */
export type AdjustmentPreset = { debit: string; units: string; source: AdjustmentSource; reason: string };

const NO_SOURCE: SourceDraft = { kind: "", transactionHash: "", logIndex: "0" };

const readSource = ({ kind, transactionHash, logIndex }: SourceDraft): AdjustmentSource | undefined =>
  kind === "" ? undefined : { kind, transactionHash, logIndex: Number(logIndex) };

const isFilled = ({ debit, credit, units }: TransferDraft): boolean => debit !== "" && credit !== "" && units !== "";

type RowProps = {
  draft: TransferDraft;
  onChange: (next: TransferDraft) => void;
  onRemove: (() => void) | null;
};

function TransferFields({ draft, onChange, onRemove }: RowProps) {
  const account = (label: string, name: "debit" | "credit") => (
    <Field label={label}>
      <Input
        className="font-mono"
        value={draft[name]}
        placeholder="user:usr_…"
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange({ ...draft, [name]: event.target.value.trim() })}
      />
    </Field>
  );
  return (
    <fieldset className="flex flex-col gap-3 rounded-md border border-line p-3">
      <legend className="sr-only">Transfer</legend>
      <div className="grid grid-cols-1 gap-3 sm:grid-cols-2">
        {account("From account", "debit")}
        {account("To account", "credit")}
      </div>
      <div className="flex items-end gap-2">
        <AmountInput
          label="Amount"
          className="flex-1"
          units={draft.units}
          onUnitsChange={(units) => onChange({ ...draft, units })}
        />
        {onRemove && (
          <Button size="icon" variant="ghost" aria-label="Remove this transfer" onClick={onRemove}>
            <Trash2 aria-hidden />
          </Button>
        )}
      </div>
    </fieldset>
  );
}

/** Writes down transfers for another admin to decide on. */
export default function ProposeAdjustmentDialog({ preset, ...popup }: Popup & { preset?: AdjustmentPreset }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [reason, setReason] = useState(preset?.reason ?? "");
  const [reference, setReference] = useState("");
  const [source, setSource] = useState<SourceDraft>(
    preset ? { ...preset.source, logIndex: preset.source.logIndex.toString() } : NO_SOURCE,
  );
  const [drafts, setDrafts] = useState<TransferDraft[]>([
    { key: 0, debit: preset?.debit ?? "", credit: "", units: preset?.units ?? "" },
  ]);
  const propose = useMutation(
    trpc.adjustment.propose.mutationOptions({
      onSuccess: () => {
        popup.onOpenChange(false);
        toast.success("Proposed", { description: "Nothing moves until another admin approves it." });
      },
      onSettled: () => queryClient.invalidateQueries(),
    }),
  );
  const nextKey = Math.max(...drafts.map(({ key }) => key)) + 1;
  const submit = () => {
    const named = readSource(source);
    propose.mutate({
      reason: reason.trim(),
      ...(reference.trim() === "" ? {} : { reference: reference.trim() }),
      ...(named ? { source: named } : {}),
      transfers: drafts.map(({ debit, credit, units }) => ({ debit, credit, units })),
    });
  };
  return (
    <FormDialog
      {...popup}
      title="Propose an adjustment"
      description="Another admin reads exactly this and decides. Everybody whose money moves reads the reason."
      submitLabel="Propose"
      isReady={reason.trim().length >= 3 && drafts.every(isFilled)}
      isPending={propose.isPending}
      error={propose.error}
      onSubmit={submit}
    >
      {drafts.map((draft) => (
        <TransferFields
          key={draft.key}
          draft={draft}
          onChange={(next) => setDrafts(drafts.map((other) => (other.key === next.key ? next : other)))}
          onRemove={drafts.length > 1 ? () => setDrafts(drafts.filter(({ key }) => key !== draft.key)) : null}
        />
      ))}
      {drafts.length < TRANSFERS_MAX && (
        <Button
          size="sm"
          variant="ghost"
          className="self-start"
          onClick={() => setDrafts([...drafts, { key: nextKey, debit: "", credit: "", units: "" }])}
        >
          <Plus aria-hidden /> Another transfer
        </Button>
      )}
      <Field label="Reason">
        <Input value={reason} maxLength={200} onChange={(event) => setReason(event.target.value)} />
      </Field>
      <Field label="Reference" hint="A ticket or an e-mail, where somebody finds out more. It may stay empty.">
        <Input value={reference} maxLength={100} onChange={(event) => setReference(event.target.value)} />
      </Field>
      <AdjustmentSourceFields source={source} isFixed={preset !== undefined} onChange={setSource} />
    </FormDialog>
  );
}
