"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { notifyError } from "../api/notify-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { AddressInput } from "../money/address-input.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import { isAddress } from "../money/is-address.ts";
import { Button } from "../ui/button.tsx";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

const DONE = {
  waiting: ["It is large, so it waits", "Until it is sent you can take it back."],
  "waiting-root": ["It is sent after the next check of all balances", "Until then you can take it back."],
  "awaiting-approval": ["Somebody else approves it first", "Until then you can take it back."],
} as const;

export default function WithdrawDialog(popup: Popup) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [to, setTo] = useState("");
  const [units, setUnits] = useState("");
  const withdraw = useMutation(
    trpc.account.requestWithdrawal.mutationOptions({
      onSuccess: async ({ status }) => {
        popup.onOpenChange(false);
        if (status === "waiting" || status === "waiting-root" || status === "awaiting-approval") {
          const [title, description] = DONE[status];
          toast.success(title, { description });
        } else toast.success("The payout is on its way");
        await queryClient.invalidateQueries();
      },
    }),
  );
  const add = useMutation(
    trpc.account.addWithdrawalAddress.mutationOptions({
      onSuccess: async () => {
        withdraw.reset();
        toast.success("Address added", { description: "Withdraw to it once its waiting time is over." });
        await queryClient.invalidateQueries({ queryKey: trpc.account.listWithdrawalAddresses.queryKey() });
      },
      onError: (error) => notifyError("The address could not be added", error),
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
      wayOut={(code) =>
        code === "WITHDRAWAL_ADDRESS_UNKNOWN" && (
          <Button size="sm" className="mt-2" isPending={add.isPending} onClick={() => add.mutate({ address: to })}>
            Add this address
          </Button>
        )
      }
      onSubmit={() => withdraw.mutate({ to, units })}
    >
      <AmountInput label="Amount" units={units} onUnitsChange={setUnits} />
      <AddressInput
        label="To"
        hint="One of your withdrawal addresses. What has left cannot be called back."
        value={to}
        onValueChange={setTo}
      />
    </FormDialog>
  );
}
