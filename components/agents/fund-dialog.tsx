"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { WithdrawalView } from "#core/schemas/account.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

type Props = Popup & { agent: { id: string; name: string }; to: "account" | "purse" };

const WORDS = {
  account: { title: "Fund", description: "From your balance to the agent’s own account." },
  purse: {
    title: "Fill the purse of",
    description: "From your balance. What it buys can never cost more than what is in there.",
  },
} as const;

/** Money from the owner's balance to an agent: to its account, or to the purse that it buys from. */
export default function FundDialog({ agent, to, ...popup }: Props) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [units, setUnits] = useState("");
  const onSuccess = async ({ status }: WithdrawalView) => {
    popup.onOpenChange(false);
    if (status === "waiting-root")
      toast.success("It is sent after the next check of all balances", {
        description: "Until then you can take it back, on the page of your balance.",
      });
    else toast.success("The money is on its way to the agent");
    await queryClient.invalidateQueries();
  };
  const fund = useMutation(trpc.agent.fundAgent.mutationOptions({ onSuccess }));
  const fill = useMutation(trpc.purchase.fillPurse.mutationOptions({ onSuccess }));
  const chosen = to === "account" ? fund : fill;
  return (
    <FormDialog
      {...popup}
      title={`${WORDS[to].title} ${agent.name}`}
      description={WORDS[to].description}
      submitLabel={to === "account" ? "Fund" : "Fill"}
      isReady={units !== ""}
      isPending={chosen.isPending}
      error={chosen.error}
      onSubmit={() => chosen.mutate({ id: agent.id, units })}
    >
      <AmountInput label="Amount" units={units} onUnitsChange={setUnits} />
    </FormDialog>
  );
}
