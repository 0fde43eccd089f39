"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { AgentDetail } from "#core/schemas/agent.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AddressInput } from "../money/address-input.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import { isAddress } from "../money/is-address.ts";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

/** `transfer(address,uint256)`: the function by which an agent pays. */
const TRANSFER_SELECTOR = "0xa9059cbb";

export default function PayDialog({ agent, ...popup }: Popup & { agent: AgentDetail }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [units, setUnits] = useState("");
  const [recipient, setRecipient] = useState(
    agent.policy.rules.find((rule) => rule.selector.toLowerCase() === TRANSFER_SELECTOR)?.counterparty ?? "",
  );
  const pay = useMutation(
    trpc.agent.pay.mutationOptions({
      onSuccess: ({ refusal, status }) => {
        popup.onOpenChange(false);
        if (refusal)
          toast.error(`Refused by the ${refusal.refusedBy}`, { description: `${refusal.rule}: ${refusal.fix}` });
        else if (status === "awaiting-approval")
          toast.success("It waits for approval", { description: "Whoever is asked finds it among their approvals." });
        else toast.success("The payment is under way");
      },
      onSettled: () => queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() }),
    }),
  );
  return (
    <FormDialog
      {...popup}
      title={`Let ${agent.name} pay`}
      description="It is held to its limits here as anywhere: try to exceed them."
      submitLabel="Propose payment"
      isReady={units !== "" && isAddress(recipient)}
      isPending={pay.isPending}
      error={pay.error}
      onSubmit={() => pay.mutate({ id: agent.id, recipient, units })}
    >
      <AmountInput label="Amount" units={units} onUnitsChange={setUnits} />
      <AddressInput label="To" value={recipient} onValueChange={setRecipient} />
    </FormDialog>
  );
}
