"use client";

import { Plus, X } from "lucide-react";
import type { ProvingModelView } from "#core/schemas/proof.ts";
import { AddressInput } from "../money/address-input.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import type { PayeeDraft } from "./policy-draft.ts";

type Props = {
  payees: readonly PayeeDraft[];
  models: readonly ProvingModelView[];
  onChange: (payees: readonly PayeeDraft[]) => void;
};

const NO_PROOF = "none";

export function PayeeFields({ payees, models, onChange }: Props) {
  const change = (id: number, patch: Partial<PayeeDraft>) =>
    onChange(payees.map((payee) => (payee.id === id ? { ...payee, ...patch } : payee)));
  const add = () =>
    onChange([...payees, { id: (payees.at(-1)?.id ?? 0) + 1, recipient: "", proofModelId: null, outputMin: "128" }]);
  const proofOptions = [
    { value: NO_PROOF, label: "Without a proof" },
    ...models.map((model) => ({ value: model.registryModelId, label: `Only with a proof of ${model.name}` })),
  ];
  return (
    <div className="flex flex-col gap-3">
      {payees.map((payee, index) => (
        <div key={payee.id} className="relative grid gap-3 rounded-md border border-line p-3 pr-11 sm:grid-cols-2">
          <AddressInput
            label={`Recipient ${index + 1}`}
            className="sm:col-span-2"
            value={payee.recipient}
            onValueChange={(recipient) => change(payee.id, { recipient })}
          />
          <Field label="Proof">
            <Select
              label={`Proof for recipient ${index + 1}`}
              options={proofOptions}
              value={payee.proofModelId ?? NO_PROOF}
              onValueChange={(value) => change(payee.id, { proofModelId: value === NO_PROOF ? null : value })}
            />
          </Field>
          {payee.proofModelId !== null && (
            <Field label="With an output of at least" hint="0 to 255, not older than an hour, used once.">
              <Input
                inputMode="numeric"
                className="tabular"
                value={payee.outputMin}
                onChange={(event) => change(payee.id, { outputMin: event.target.value.trim() })}
              />
            </Field>
          )}
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Remove recipient ${index + 1}`}
            className="absolute top-1.5 right-1.5"
            onClick={() => onChange(payees.filter((other) => other.id !== payee.id))}
          >
            <X aria-hidden />
          </Button>
        </div>
      ))}
      <Button className="self-start" onClick={add} disabled={payees.length >= 8}>
        <Plus aria-hidden /> Add a recipient
      </Button>
    </div>
  );
}
