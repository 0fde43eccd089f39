"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { AdminNodeView } from "#core/schemas/compute.ts";
import type { StakeClaimView } from "#core/schemas/stake.ts";
import { every } from "../api/every.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { notifyError } from "../api/notify-error.ts";
import { QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { CLAIM_COLUMNS } from "../compute/claim-columns.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import type { Popup } from "../ui/opener.tsx";
import { ReasonField } from "./reason-field.tsx";

const REASON_CHARACTERS_MIN = 3;

/** How much of a provider's stake to claim, and why. */
export function ClaimDialog({ node, ...popup }: Popup & { node: AdminNodeView }) {
  const [units, setUnits] = useState("0");
  const [reason, setReason] = useState("");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const claim = useMutation(
    trpc.nodeAdmin.claimStake.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await queryClient.invalidateQueries({ queryKey: trpc.nodeAdmin.pathKey() });
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title={`Claim the stake behind ${node.name}`}
      description="The contract holds it back. Its provider may contest; unanswered, it goes to the Vault."
      submitLabel="Claim it"
      isReady={units !== "0" && units !== "" && reason.trim().length >= REASON_CHARACTERS_MIN}
      isPending={claim.isPending}
      error={claim.error}
      onSubmit={() => claim.mutate({ nodeId: node.id, units, reason: reason.trim() })}
    >
      <AmountInput label="Amount" units={units} onUnitsChange={setUnits} />
      <ReasonField
        reason={reason}
        onReasonChange={setReason}
        hint="Its provider reads it; its hash is kept on the chain."
      />
    </FormDialog>
  );
}

function GiveUpButton({ claim }: { claim: StakeClaimView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const dismiss = useMutation(
    trpc.nodeAdmin.dismissClaim.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries({ queryKey: trpc.nodeAdmin.pathKey() }),
      onError: (error) => notifyError("The claim was not given up", error),
    }),
  );
  return (
    <Button size="sm" variant="ghost" isPending={dismiss.isPending} onClick={() => dismiss.mutate({ id: claim.id })}>
      Give up
    </Button>
  );
}

const COLUMNS: readonly Column<StakeClaimView>[] = [
  ...CLAIM_COLUMNS,
  actionColumn((claim) =>
    claim.status === "open" || claim.status === "contested" ? <GiveUpButton claim={claim} /> : null,
  ),
];

/** The claims on providers' stakes and where each stands on the chain. */
export function StakeClaims() {
  const trpc = useTRPC();
  const query = useQuery(trpc.nodeAdmin.listClaims.queryOptions(undefined, { refetchInterval: every(5_000) }));
  return (
    <QueryCard
      title="Claims on stakes"
      query={query}
      columns={COLUMNS}
      rowKey={(row) => row.id}
      skeletonRows={1}
      empty={
        <EmptyState title="No claim">A suspended or banned node’s stake can be claimed in the list above.</EmptyState>
      }
    />
  );
}
