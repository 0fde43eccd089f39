"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AddressInput } from "../money/address-input.tsx";
import { isAddress } from "../money/is-address.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import type { Popup } from "../ui/opener.tsx";

export default function AddAddressDialog(popup: Popup) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [address, setAddress] = useState("");
  const [label, setLabel] = useState("");
  const add = useMutation(
    trpc.account.addWithdrawalAddress.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await queryClient.invalidateQueries({ queryKey: trpc.account.listWithdrawalAddresses.queryKey() });
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title="Add an address"
      description="It waits before it counts, so that nobody who gets at your session can empty your balance at once."
      submitLabel="Add"
      isReady={isAddress(address)}
      isPending={add.isPending}
      error={add.error}
      onSubmit={() => add.mutate({ address, ...(label.trim() ? { label: label.trim() } : {}) })}
    >
      <AddressInput label="Address" hint="Check it twice." value={address} onValueChange={setAddress} />
      <Field label="Name" hint="For you alone; may stay empty.">
        <Input value={label} maxLength={60} onChange={(event) => setLabel(event.target.value)} />
      </Field>
    </FormDialog>
  );
}
