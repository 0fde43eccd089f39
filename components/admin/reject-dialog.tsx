"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../api/trpc.ts";
import type { Popup } from "../ui/opener.tsx";
import { ReasonDialog } from "./reason-dialog.tsx";

export default function RejectDialog({ id, ...popup }: Popup & { id: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const reject = useMutation(
    trpc.admin.rejectWithdrawal.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await queryClient.invalidateQueries({ queryKey: trpc.admin.listApprovals.pathKey() });
      },
    }),
  );
  return (
    <ReasonDialog
      {...popup}
      title="Reject this withdrawal"
      description="The money is the person’s again at once."
      submitLabel="Reject"
      hint="The person reads it."
      isPending={reject.isPending}
      error={reject.error}
      onSubmit={(reason) => reject.mutate({ id, reason })}
    />
  );
}
