"use client";

import { ALL_SCOPES, SCOPES, type Scope } from "#core/scopes.ts";
import { TIME_DRAFT, type TimeDraft, TimeFields } from "../limits/time-fields.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import { CheckboxRow } from "../ui/checkbox-row.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";

/** A key as somebody is filling it in; `limit` in base units, empty while it is no amount. */
export type KeyDraft = {
  name: string;
  expiry: string;
  scopes: readonly Scope[];
  isLimited: boolean;
  limit: string;
  time: TimeDraft;
};

export const NO_EXPIRY = "never";
const EXPIRIES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
  { value: NO_EXPIRY, label: "No expiry" },
] as const;

export const KEY_DRAFT: KeyDraft = {
  name: "",
  expiry: "90",
  scopes: ["inference:write", "balance:read"],
  isLimited: false,
  limit: "",
  time: TIME_DRAFT,
};

type Props = { draft: KeyDraft; onChange: (patch: Partial<KeyDraft>) => void };

export function CreateKeyFields({ draft, onChange }: Props) {
  const { name, expiry, scopes, isLimited, limit, time } = draft;
  return (
    <>
      <Field label="Name" hint="Where it will be used, such as “laptop” or “nightly job”.">
        <Input
          value={name}
          onChange={(event) => onChange({ name: event.target.value })}
          maxLength={60}
          required
          autoFocus
        />
      </Field>
      <Field label="Expires">
        <Select
          options={EXPIRIES}
          value={expiry}
          onValueChange={(next) => onChange({ expiry: next })}
          label="Expires"
        />
      </Field>
      <CheckboxRow
        label="Limit what may be spent with it"
        checked={isLimited}
        onCheckedChange={(checked) => onChange({ isLimited: checked, limit: "" })}
      />
      {isLimited && (
        <>
          <AmountInput
            label="Spending limit"
            hint="What goes above it is refused."
            units={limit}
            onUnitsChange={(units) => onChange({ limit: units })}
          />
          <TimeFields time={time} onChange={(next) => onChange({ time: next })} />
        </>
      )}
      <fieldset className="flex flex-col">
        <legend className="pb-1 font-medium text-sm">May</legend>
        {ALL_SCOPES.map((scope) => (
          <CheckboxRow
            key={scope}
            label={SCOPES[scope]}
            detail={scope}
            checked={scopes.includes(scope)}
            onCheckedChange={(checked) =>
              onChange({ scopes: checked ? [...scopes, scope] : scopes.filter((other) => other !== scope) })
            }
          />
        ))}
      </fieldset>
    </>
  );
}
