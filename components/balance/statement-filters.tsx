"use client";

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { dayToMoment, momentToDay, type StatementFields } from "./statement-address.ts";
import { COUNTERPARTY_WORDS, FLOW_WORDS, KIND_WORDS } from "./statement-words.ts";

type Props = { fields: StatementFields; onChange: (next: StatementFields) => void };

const ANY = { value: "", label: "Any" };
const optionsOf = (words: Record<string, string>) => [
  ANY,
  ...Object.entries(words).map(([value, label]) => ({ value, label })),
];

/** Whose statement it is: one's own, or that of an agent of one's own. */
function AccountField({ value, onValueChange }: { value: string; onValueChange: (value: string) => void }) {
  const trpc = useTRPC();
  const agents = useQuery(trpc.agent.listAgents.queryOptions({ limit: 100 })).data?.data ?? [];
  return (
    <Field label="Account">
      <Select
        value={value}
        onValueChange={onValueChange}
        options={[
          { value: "", label: "Yours" },
          ...agents.map(({ id, name }) => ({ value: id, label: `Agent ${name}` })),
        ]}
      />
    </Field>
  );
}

/** Everything a statement can be narrowed by; it counts when it is applied, and then stands in the address. */
export default function StatementFilters({ fields, onChange }: Props) {
  const [draft, setDraft] = useState(fields);
  const set = (name: keyof StatementFields) => (value: string) =>
    setDraft(({ [name]: _, ...rest }) => (value === "" ? rest : { ...rest, [name]: value }));
  const setDay = (name: "from" | "to") => (day: string) =>
    set(name)(day === "" ? "" : dayToMoment(day, name === "to" ? 1 : 0));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange(draft);
  };
  return (
    <form
      onSubmit={submit}
      aria-label="Filter the statement"
      className="grid grid-cols-2 items-start gap-3 border-line border-b bg-canvas p-4 md:grid-cols-4"
    >
      <Field label="From">
        <Input type="date" value={momentToDay(draft.from)} onChange={(event) => setDay("from")(event.target.value)} />
      </Field>
      <Field label="To and with">
        <Input type="date" value={momentToDay(draft.to, 1)} onChange={(event) => setDay("to")(event.target.value)} />
      </Field>
      <Field label="What">
        <Select value={draft.kinds ?? ""} onValueChange={set("kinds")} options={optionsOf(KIND_WORDS)} />
      </Field>
      <Field label="Direction">
        <Select value={draft.flow ?? ""} onValueChange={set("flow")} options={optionsOf(FLOW_WORDS)} />
      </Field>
      <Field label="With">
        <Select
          value={draft.counterparty ?? ""}
          onValueChange={set("counterparty")}
          options={optionsOf(COUNTERPARTY_WORDS)}
        />
      </Field>
      <Field label="Reference or memo">
        <Input
          type="search"
          maxLength={100}
          autoComplete="off"
          value={draft.text ?? ""}
          onChange={(event) => set("text")(event.target.value)}
        />
      </Field>
      <AmountInput label="At least" units={draft.amountMin ?? ""} onUnitsChange={set("amountMin")} />
      <AmountInput label="At most" units={draft.amountMax ?? ""} onUnitsChange={set("amountMax")} />
      <AccountField value={draft.agentId ?? ""} onValueChange={set("agentId")} />
      <div className="col-span-full flex flex-wrap justify-end gap-2 self-end md:col-span-3">
        <Button variant="ghost" onClick={() => onChange({})}>
          Clear
        </Button>
        <Button type="submit">Apply</Button>
      </div>
    </form>
  );
}
