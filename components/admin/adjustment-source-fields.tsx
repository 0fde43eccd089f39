"use client";

import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import type { SourceDraft } from "./propose-adjustment-dialog.tsx";

const KINDS = [
  { value: "", label: "Nothing: accounts of people and the platform only" },
  { value: "unassigned", label: "A transfer that came without a deposit" },
  { value: "deposit", label: "A deposit that the ledger lacks" },
  { value: "withdrawal", label: "A payment that the ledger lacks" },
] as const;

type Props = { source: SourceDraft; isFixed: boolean; onChange: (next: SourceDraft) => void };

/** What on the chain it explains: without it the Vault's and the unclaimed account stay closed. */
export function AdjustmentSourceFields({ source, isFixed, onChange }: Props) {
  return (
    <>
      <Field label="Explains on the chain">
        <Select
          value={source.kind}
          disabled={isFixed}
          options={KINDS}
          onValueChange={(kind) =>
            onChange({ ...source, kind: KINDS.find(({ value }) => value === kind)?.value ?? "" })
          }
        />
      </Field>
      {source.kind !== "" && (
        <div className="grid grid-cols-[1fr_6rem] gap-3">
          <Field label="Transaction">
            <Input
              className="font-mono"
              value={source.transactionHash}
              disabled={isFixed}
              placeholder="0x…"
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => onChange({ ...source, transactionHash: event.target.value.trim() })}
            />
          </Field>
          <Field label="Log">
            <Input
              inputMode="numeric"
              value={source.logIndex}
              disabled={isFixed}
              onChange={(event) => onChange({ ...source, logIndex: event.target.value.replaceAll(/\D/g, "") })}
            />
          </Field>
        </div>
      )}
    </>
  );
}
