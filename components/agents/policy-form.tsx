"use client";

import { Plus, X } from "lucide-react";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { AddressInput } from "../money/address-input.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { CheckboxRow } from "../ui/checkbox-row.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { withChosen } from "./limit-fields.tsx";
import { WINDOWS } from "./policy-draft.ts";
import {
  askOverOf,
  beyondForm,
  mayDeposit,
  payRules,
  withAskOver,
  withDeposit,
  withLastDay,
  withPayees,
} from "./policy-edit.ts";
import { windowWord } from "./window-word.ts";

type Props = { policy: PolicyInput; onChange: (policy: PolicyInput) => void };

function Payees({ policy, onChange }: Props) {
  const rules = payRules(policy);
  return (
    <div className="flex flex-col gap-3">
      {rules.map((rule, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line of the form is its place, whatever stands in it.
        <div key={index} className="flex items-start gap-2">
          <AddressInput
            label={`Recipient ${index + 1}`}
            className="min-w-0 flex-1"
            value={rule.recipient}
            onValueChange={(recipient) => onChange(withPayees(policy, rules.with(index, { ...rule, recipient })))}
          />
          <Button
            variant="ghost"
            size="icon"
            className="mt-6"
            aria-label={`Remove recipient ${index + 1}`}
            onClick={() => onChange(withPayees(policy, rules.toSpliced(index, 1)))}
          >
            <X aria-hidden className="size-4" />
          </Button>
        </div>
      ))}
      <Button
        className="self-start"
        onClick={() => onChange(withPayees(policy, [...rules, { kind: "pay", recipient: "" }]))}
      >
        <Plus aria-hidden className="size-4" /> Add a recipient
      </Button>
    </div>
  );
}

/** The parts of a policy that most owners change; the rest of it stays as it is. */
export function PolicyForm({ policy, onChange }: Props) {
  const [askOver, beyond] = [askOverOf(policy), beyondForm(policy)];
  const seconds = String(policy.windowSeconds);
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <AmountInput
          label="At most a payment"
          units={policy.perTransactionCap}
          onUnitsChange={(perTransactionCap) => onChange({ ...policy, perTransactionCap })}
        />
        <AmountInput
          label="At most together"
          units={policy.windowCap}
          onUnitsChange={(windowCap) => onChange({ ...policy, windowCap })}
        />
        <Field label="Over">
          <Select
            label="Over"
            options={withChosen(WINDOWS, seconds, windowWord(policy.windowSeconds))}
            value={seconds}
            onValueChange={(value) => onChange({ ...policy, windowSeconds: Number(value) })}
          />
        </Field>
        <Field label="Until">
          <Input
            type="date"
            value={policy.validUntil.slice(0, 10)}
            onChange={(event) => event.target.value !== "" && onChange(withLastDay(policy, event.target.value))}
          />
        </Field>
        {askOver !== null && (
          <AmountInput
            label="Ask me above"
            hint="Empty: it never asks."
            units={askOver}
            onUnitsChange={(over) => onChange(withAskOver(policy, over))}
          />
        )}
      </div>
      <CheckboxRow
        label="Fill its own balance here, to buy inference"
        checked={mayDeposit(policy)}
        onCheckedChange={(isAllowed) => onChange(withDeposit(policy, isAllowed))}
      />
      <Payees policy={policy} onChange={onChange} />
      {beyond > 0 && (
        <p className="text-ink-3 text-xs">
          {beyond === 1 ? "One limit more is" : `${beyond} limits more are`} in the code and{" "}
          {beyond === 1 ? "stays" : "stay"} as written.
        </p>
      )}
    </div>
  );
}
