"use client";

import { useState } from "react";
import { type AmountProblem, formatAmount, parseAmount } from "#core/money.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

const PROBLEMS: Record<AmountProblem, string> = {
  AMOUNT_INVALID: "A dollar amount, such as 2.50.",
  AMOUNT_TOO_PRECISE: "Six decimals at most.",
};

type AmountInputProps = {
  label: string;
  hint?: string;
  /** Base units, or the empty string while the text is not an amount. */
  units: string;
  onUnitsChange: (units: string) => void;
  error?: string | undefined;
  className?: string;
};

/** A dollar amount a person types; what comes out are exact base units. */
export function AmountInput({ label, hint, units, onUnitsChange, error, className }: AmountInputProps) {
  const [text, setText] = useState(units === "" ? "" : formatAmount({ asset: "USD", units: BigInt(units) }));
  const [problem, setProblem] = useState<string>();

  const change = (next: string) => {
    setText(next);
    const amount = parseAmount("USD", next);
    if (typeof amount === "string") {
      onUnitsChange("");
      setProblem(next === "" ? undefined : PROBLEMS[amount]);
    } else {
      onUnitsChange(amount.units.toString());
      setProblem(undefined);
    }
  };

  return (
    <Field label={label} error={problem ?? error} {...(hint ? { hint } : {})} {...(className ? { className } : {})}>
      <Input
        sign="$"
        inputMode="decimal"
        autoComplete="off"
        value={text}
        onChange={(event) => change(event.target.value)}
        className="tabular"
      />
    </Field>
  );
}
