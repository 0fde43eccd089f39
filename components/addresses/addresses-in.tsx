"use client";

import { findLookalike } from "#core/address-lookalike.ts";
import { shorten } from "../ui/identifier.tsx";
import { LookalikeWarning } from "./lookalike-warning.tsx";
import { findNamed, useAddressBook } from "./use-address-book.ts";

const ADDRESS = /0x[0-9a-fA-F]{40}(?![0-9a-fA-F])/g;

/** What the reader's book says of the addresses in a text: their names, and those that only look like one of them. */
export function AddressesIn({ text }: { text: string }) {
  const book = useAddressBook();
  const addresses = [...new Set(text.match(ADDRESS)?.map((address) => address.toLowerCase()))];
  const named = addresses.flatMap((address) => findNamed(book, address) ?? []);
  return (
    <>
      {named.length > 0 && (
        <p className="text-ink-3 text-xs">
          In your address book:{" "}
          {named.map(({ id, name, address }, index) => (
            <span key={id}>
              {index > 0 && ", "}
              <span className="text-ink-2">{name}</span> <code className="font-mono">{shorten(address)}</code>
            </span>
          ))}
          .
        </p>
      )}
      {addresses.map((address) => {
        const known = findLookalike(address, book);
        return known && <LookalikeWarning key={address} address={address} known={known} />;
      })}
    </>
  );
}
