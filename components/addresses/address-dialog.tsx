"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { NamedAddress } from "#core/schemas/address.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AddressInput } from "../money/address-input.tsx";
import { isAddress } from "../money/is-address.ts";
import { Field } from "../ui/field.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";

/** Names an address, or changes what is written about one. */
export default function AddressDialog({ entry, ...popup }: Popup & { entry?: NamedAddress }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [address, setAddress] = useState("");
  const [name, setName] = useState(entry?.name ?? "");
  const [note, setNote] = useState(entry?.note ?? "");
  const options = {
    onSuccess: async () => {
      popup.onOpenChange(false);
      if (!entry) for (const clear of [setAddress, setName, setNote]) clear("");
      await queryClient.invalidateQueries({ queryKey: trpc.address.pathKey() });
    },
  };
  const create = useMutation(trpc.address.create.mutationOptions(options));
  const change = useMutation(trpc.address.change.mutationOptions(options));
  const written = { name: name.trim(), note: note.trim() };
  return (
    <FormDialog
      {...popup}
      title={entry ? `Change ${entry.name}` : "Add an address"}
      description="A name is for you alone. It gives the address no rights."
      submitLabel={entry ? "Save" : "Add"}
      isReady={written.name !== "" && (entry !== undefined || isAddress(address))}
      isPending={create.isPending || change.isPending}
      error={create.error ?? change.error}
      onSubmit={() => (entry ? change.mutate({ id: entry.id, ...written }) : create.mutate({ address, ...written }))}
    >
      {entry ? (
        <Identifier value={entry.address} label="address" isFull />
      ) : (
        <AddressInput label="Address" value={address} onValueChange={setAddress} />
      )}
      <Field label="Name">
        <Input value={name} maxLength={60} onChange={(event) => setName(event.target.value)} placeholder="Landlord" />
      </Field>
      <Field label="Note" hint="May stay empty.">
        <Input value={note} maxLength={300} onChange={(event) => setNote(event.target.value)} />
      </Field>
    </FormDialog>
  );
}
