"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { AgentDetail } from "#core/schemas/agent.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { AmountInput } from "../money/amount-input.tsx";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";

export default function FundDialog({ agent, ...popup }: Popup & { agent: AgentDetail }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [units, setUnits] = useState("");
  const fund = useMutation(
    trpc.agent.fundAgent.mutationOptions({
      onSuccess: async ({ status }) => {
        popup.onOpenChange(false);
        if (status === "waiting-root")
          toast.success("It is sent after the next check of all balances", {
            description: "Until then you can take it back, on the page of your balance.",
          });
        else toast.success("The money is on its way to the agent");
        await queryClient.invalidateQueries();
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title={`Fund ${agent.name}`}
      description="From your balance to the agent’s own account."
      submitLabel="Fund"
      isReady={units !== ""}
      isPending={fund.isPending}
      error={fund.error}
      onSubmit={() => fund.mutate({ id: agent.id, units })}
    >
      <AmountInput label="Amount" units={units} onUnitsChange={setUnits} />
    </FormDialog>
  );
}
