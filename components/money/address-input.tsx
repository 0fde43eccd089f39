"use client";

import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { isAddress } from "./is-address.ts";

type AddressInputProps = {
  label: string;
  hint?: string;
  value: string;
  onValueChange: (value: string) => void;
  className?: string;
};

/** An address on the chain that a person types or pastes. */
export function AddressInput({ label, hint, value, onValueChange, className }: AddressInputProps) {
  return (
    <Field
      label={label}
      error={value !== "" && !isAddress(value) ? "An address is 0x and 40 hexadecimal digits." : undefined}
      {...(hint ? { hint } : {})}
      {...(className ? { className } : {})}
    >
      <Input
        className="font-mono"
        value={value}
        onChange={(event) => onValueChange(event.target.value.trim())}
        placeholder="0x…"
        autoComplete="off"
        spellCheck={false}
      />
    </Field>
  );
}
