"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogClose } from "../ui/dialog.tsx";

const FORM_ID = "cash-out";

export function CashOutDialog() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [units, setUnits] = useState("");
  const balance = useQuery(trpc.balance.get.queryOptions(undefined, { enabled: isOpen }));
  const cashOut = useMutation(
    trpc.reward.requestCashOut.mutationOptions({
      onSuccess: async () => {
        setIsOpen(false);
        toast.success("Your cash-out is on its way", { description: "It is settled with the next epoch." });
        await queryClient.invalidateQueries();
      },
    }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    cashOut.mutate({ units });
  };
  const problem = cashOut.isError ? readApiError(cashOut.error) : null;
  return (
    <Dialog
      open={isOpen}
      onOpenChange={setIsOpen}
      trigger={<Button>Cash out</Button>}
      title="Cash out"
      description="To your own account. It costs you nothing."
      footer={
        <>
          <DialogClose render={<Button>Cancel</Button>} />
          <Button type="submit" form={FORM_ID} variant="primary" isPending={cashOut.isPending} disabled={units === ""}>
            Cash out
          </Button>
        </>
      }
    >
      <form id={FORM_ID} onSubmit={submit} className="flex flex-col gap-4">
        <AmountInput label="Amount" units={units} onUnitsChange={setUnits} />
        {balance.data && (
          <p className="text-ink-3 text-sm">
            You have <Amount units={balance.data.available.units} /> available.
          </p>
        )}
        {problem && (
          <p role="alert" className="text-bad text-sm">
            {problem.message}{" "}
            {problem.code === "OWNER_REQUIRED" && (
              <Link href="/settings" className="underline underline-offset-4">
                Add one in the settings.
              </Link>
            )}
          </p>
        )}
      </form>
    </Dialog>
  );
}
