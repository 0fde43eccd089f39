"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogClose } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

const FORM_ID = "withdraw";

export function WithdrawDialog() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [to, setTo] = useState("");
  const [units, setUnits] = useState("");
  const isAddress = /^0x[0-9a-fA-F]{40}$/.test(to);

  const withdraw = useMutation(
    trpc.account.requestWithdrawal.mutationOptions({
      onSuccess: async () => {
        setIsOpen(false);
        toast.success("The payout is on its way");
        await queryClient.invalidateQueries();
      },
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    withdraw.mutate({ to, units });
  };

  return (
    <Dialog
      open={isOpen}
      onOpenChange={setIsOpen}
      trigger={<Button size="sm">Withdraw</Button>}
      title="Withdraw"
      description="Out of your balance, to an address of yours."
      footer={
        <>
          <DialogClose render={<Button>Cancel</Button>} />
          <Button
            type="submit"
            form={FORM_ID}
            variant="primary"
            isPending={withdraw.isPending}
            disabled={!isAddress || units === ""}
          >
            Withdraw
          </Button>
        </>
      }
    >
      <form id={FORM_ID} onSubmit={submit} className="flex flex-col gap-4">
        <AmountInput label="Amount" units={units} onUnitsChange={setUnits} />
        <Field
          label="To"
          hint="Check it twice: what has left cannot be called back."
          error={to !== "" && !isAddress ? "An address is 0x and 40 hexadecimal digits." : undefined}
        >
          <Input
            className="font-mono"
            value={to}
            onChange={(event) => setTo(event.target.value.trim())}
            placeholder="0x…"
            spellCheck={false}
          />
        </Field>
        {withdraw.isError && (
          <p role="alert" className="text-bad text-sm">
            {readApiError(withdraw.error).message}
          </p>
        )}
      </form>
    </Dialog>
  );
}
