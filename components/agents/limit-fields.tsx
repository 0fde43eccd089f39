import { AmountInput } from "../money/amount-input.tsx";
import { Field } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";
import { LIFETIMES, type PolicyTerms, WINDOWS } from "./policy-draft.ts";
import { spanWord, windowWord } from "./window-word.ts";

const DAY_SECONDS = 86_400;

type Option = { value: string; label: string };
type Props = {
  terms: PolicyTerms;
  onChange: (change: Partial<PolicyTerms>) => void;
  /** Changes when the terms are replaced from outside, so that what was typed of an amount goes with them. */
  revision: string;
};

/** The usual choices, and the one that a template brought if it is another. */
export const withChosen = (options: readonly Option[], value: string, label: string): readonly Option[] =>
  options.some((option) => option.value === value) ? options : [...options, { value, label }];

/** How much an agent may spend, in which time, and until when. */
export const LimitFields = ({ terms, onChange, revision }: Props) => (
  <>
    <AmountInput
      key={`payment ${revision}`}
      label="At most a payment"
      units={terms.perTransactionCap}
      onUnitsChange={(perTransactionCap) => onChange({ perTransactionCap })}
    />
    <Field label="Expires after">
      <Select
        label="Expires after"
        options={withChosen(LIFETIMES, terms.days, spanWord(Number(terms.days) * DAY_SECONDS))}
        value={terms.days}
        onValueChange={(days) => onChange({ days })}
      />
    </Field>
    <AmountInput
      key={`together ${revision}`}
      label="At most together"
      units={terms.windowCap}
      onUnitsChange={(windowCap) => onChange({ windowCap })}
    />
    <Field label="Over">
      <Select
        label="Over"
        options={withChosen(WINDOWS, terms.windowSeconds, windowWord(Number(terms.windowSeconds)))}
        value={terms.windowSeconds}
        onValueChange={(windowSeconds) => onChange({ windowSeconds })}
      />
    </Field>
  </>
);
