"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import { Field } from "../ui/field.tsx";
import type { Popup } from "../ui/opener.tsx";
import { Select } from "../ui/select.tsx";
import { useEscrowOperation } from "./escrow-operation.ts";

/** What the person's own account on the chain has: where an escrow is filled from. */
function AccountLine() {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.account.getAccount.queryOptions());
  if (!data) return null;
  if (!data.account)
    return (
      <p className="text-ink-3 text-sm">
        Add a passkey or a wallet in the settings first: your account needs an owner.
      </p>
    );
  return (
    <p className="text-ink-3 text-sm">
      Your account on the chain has <Amount units={data.account.balance.units} />. Withdraw to{" "}
      <span className="break-all font-mono text-xs">{data.account.address}</span> to have more there.
    </p>
  );
}

/** A lease with one provider, or more money for one that is there. */
export default function OpenEscrow({ escrowId, ...popup }: Popup & { escrowId?: string }) {
  const trpc = useTRPC();
  const [units, setUnits] = useState("");
  const [chosen, setChosen] = useState("");
  const { data: nodes } = useQuery(
    trpc.compute.listNodes.queryOptions({ limit: 100 }, { enabled: escrowId === undefined }),
  );
  const options = (nodes?.data ?? [])
    .filter(({ status }) => status === "online")
    .map(({ id, name }) => ({ value: id, label: name }));
  const nodeId = chosen || options[0]?.value || "";
  const opening = useMutation(trpc.escrow.planOpening.mutationOptions());
  const toppingUp = useMutation(trpc.escrow.planTopUp.mutationOptions());
  const operation = useEscrowOperation({
    done: escrowId === undefined ? "The escrow is on its way" : "The money is on its way",
    onDone: () => popup.onOpenChange(false),
    isRefusalShown: true,
  });
  const plan = () =>
    escrowId === undefined ? opening.mutateAsync({ nodeId, units }) : toppingUp.mutateAsync({ id: escrowId, units });
  return (
    <FormDialog
      {...popup}
      title={escrowId === undefined ? "Open an escrow" : "Top up"}
      description="Dollars on the chain for one provider. They are paid only what vouchers over your requests say; the rest comes back when you close it."
      submitLabel={escrowId === undefined ? "Open" : "Top up"}
      isReady={units !== "" && (escrowId !== undefined || nodeId !== "")}
      isPending={operation.isPending}
      error={operation.error}
      onSubmit={() => operation.mutate(plan)}
    >
      {escrowId === undefined && options.length > 0 && (
        <Field label="Whose node">
          <Select value={nodeId} onValueChange={setChosen} options={options} />
        </Field>
      )}
      {nodes && options.length === 0 && <p className="text-ink-3 text-sm">No node is online now.</p>}
      <AmountInput label="Amount" units={units} onUnitsChange={setUnits} />
      <AccountLine />
    </FormDialog>
  );
}
