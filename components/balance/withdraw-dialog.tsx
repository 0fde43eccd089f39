"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AddressInput } from "../money/address-input.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import { isAddress } from "../money/is-address.ts";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

export default function WithdrawDialog(popup: Popup) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [to, setTo] = useState("");
  const [units, setUnits] = useState("");
  const withdraw = useMutation(
    trpc.account.requestWithdrawal.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        toast.success("The payout is on its way");
        await queryClient.invalidateQueries();
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title="Withdraw"
      description="Out of your balance, to an address of yours."
      submitLabel="Withdraw"
      isReady={isAddress(to) && units !== ""}
      isPending={withdraw.isPending}
      error={withdraw.error}
      onSubmit={() => withdraw.mutate({ to, units })}
    >
      <AmountInput label="Amount" units={units} onUnitsChange={setUnits} />
      <AddressInput
        label="To"
        hint="Check it twice: what has left cannot be called back."
        value={to}
        onValueChange={setTo}
      />
    </FormDialog>
  );
}
