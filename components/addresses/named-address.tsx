"use client";

import { Identifier, shorten } from "../ui/identifier.tsx";
import { findNamed, useAddressBook } from "./use-address-book.ts";

type Props = {
  value: string;
  /** What the address is, where it can be copied. */
  label?: string;
};

/** An address as its reader knows it: with its name in their book, where it has one, before its ends. */
export function NamedAddress({ value, label }: Props) {
  const named = findNamed(useAddressBook(), value);
  return (
    <span className="inline-flex min-w-0 max-w-full flex-wrap items-center gap-x-1.5">
      {named && <span className="truncate font-medium">{named.name}</span>}
      {label === undefined ? (
        <code title={value} className="whitespace-nowrap font-mono">
          {shorten(value)}
        </code>
      ) : (
        <Identifier value={value} label={label} />
      )}
    </span>
  );
}
