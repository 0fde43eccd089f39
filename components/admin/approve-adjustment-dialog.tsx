"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { AdjustmentView } from "#core/schemas/adjustment.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { useTRPC } from "../api/trpc.ts";
import { DefinitionList } from "../ui/definition-list.tsx";
import { Identifier } from "../ui/identifier.tsx";
import type { Popup } from "../ui/opener.tsx";
import { toast } from "../ui/toast.ts";
import { AdjustmentTransfers } from "./adjustment-transfers.tsx";

/** What an approval is given to, to the last account: the hash in the order is the one that is shown. */
export default function ApproveAdjustmentDialog({ adjustment, ...popup }: Popup & { adjustment: AdjustmentView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const approve = useMutation(
    trpc.adjustment.approve.mutationOptions({
      onSuccess: () => {
        popup.onOpenChange(false);
        toast.success("Posted", { description: "It stands in the statements of everybody whose money it moved." });
      },
      onSettled: () => queryClient.invalidateQueries(),
    }),
  );
  const { id, contentHash, reason, reference, proposedBy, transfers, source } = adjustment;
  return (
    <FormDialog
      {...popup}
      title="Approve this adjustment?"
      description="Exactly this is posted, all of it or nothing, and nothing posted is ever removed."
      submitLabel="Approve and post"
      isReady
      isPending={approve.isPending}
      error={approve.error}
      onSubmit={() => approve.mutate({ id, contentHash })}
    >
      <AdjustmentTransfers transfers={transfers} isFull />
      <DefinitionList
        items={[
          { term: "Reason", value: reason },
          ...(reference === null ? [] : [{ term: "Reference", value: reference }]),
          { term: "Proposed by", value: proposedBy.name },
          ...(source
            ? [{ term: "Explains", value: <Identifier value={source.transactionHash} label="transaction" /> }]
            : []),
          { term: "Hash", value: <Identifier value={contentHash} label="hash" head={12} tail={8} /> },
        ]}
      />
    </FormDialog>
  );
}
