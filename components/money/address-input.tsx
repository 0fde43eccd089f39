"use client";

import { useId } from "react";
import { findLookalike } from "#core/address-lookalike.ts";
import { LookalikeWarning } from "../addresses/lookalike-warning.tsx";
import { findNamed, useAddressBook } from "../addresses/use-address-book.ts";
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

/** A pasted address comes with spaces around it; a name that is looked for has them inside. */
const clean = (text: string): string => (/^\s*0x/i.test(text) ? text.trim() : text);

/** An address on the chain that a person types, pastes, or finds by its name in their address book. */
export function AddressInput({ label, hint, value, onValueChange, className }: AddressInputProps) {
  const book = useAddressBook();
  const listId = useId();
  const isWhole = isAddress(value);
  const named = isWhole ? findNamed(book, value) : undefined;
  const lookalike = isWhole ? findLookalike(value, book) : undefined;
  const note = lookalike ? (
    <LookalikeWarning address={value} known={lookalike} />
  ) : (
    [named && `${named.name}, in your address book.`, hint].filter(Boolean).join(" ")
  );
  return (
    <Field
      label={label}
      error={value !== "" && !isWhole ? "An address is 0x and 40 hexadecimal digits." : undefined}
      {...(note ? { hint: note } : {})}
      {...(className ? { className } : {})}
    >
      <Input
        className="font-mono"
        value={value}
        onChange={(event) => onValueChange(clean(event.target.value))}
        placeholder="0x…"
        autoComplete="off"
        spellCheck={false}
        {...(book.length > 0 ? { list: listId } : {})}
      />
      <datalist id={listId}>
        {book.map(({ id, name, address }) => (
          <option key={id} value={address} label={name} />
        ))}
      </datalist>
    </Field>
  );
}
