"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

export default function CashOutDialog(popup: Popup) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [units, setUnits] = useState("");
  const balance = useQuery(trpc.balance.get.queryOptions(undefined, { enabled: popup.open }));
  const cashOut = useMutation(
    trpc.reward.requestCashOut.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        toast.success("Your cash-out is on its way", { description: "It is settled with the next epoch." });
        await queryClient.invalidateQueries();
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title="Cash out"
      description="To your own account. It costs you nothing."
      submitLabel="Cash out"
      isReady={units !== ""}
      isPending={cashOut.isPending}
      error={cashOut.error}
      wayOut={(code) =>
        code === "OWNER_REQUIRED" && (
          <Link href="/settings" className="underline underline-offset-4">
            Add one in the settings.
          </Link>
        )
      }
      onSubmit={() => cashOut.mutate({ units })}
    >
      <AmountInput label="Amount" units={units} onUnitsChange={setUnits} />
      {balance.data && (
        <p className="text-ink-3 text-sm">
          You have <Amount units={balance.data.available.units} /> available.
        </p>
      )}
    </FormDialog>
  );
}
