"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "../api/trpc.ts";
import type { Popup } from "../ui/opener.tsx";
import { ReasonDialog } from "./reason-dialog.tsx";

export default function RejectAdjustmentDialog({ id, ...popup }: Popup & { id: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const reject = useMutation(
    trpc.adjustment.reject.mutationOptions({
      onSuccess: () => popup.onOpenChange(false),
      onSettled: () => queryClient.invalidateQueries({ queryKey: trpc.adjustment.list.pathKey() }),
    }),
  );
  return (
    <ReasonDialog
      {...popup}
      title="Reject this adjustment"
      description="Nothing moves."
      submitLabel="Reject"
      hint="Whoever proposed it reads it."
      isPending={reject.isPending}
      error={reject.error}
      onSubmit={(reason) => reject.mutate({ id, reason })}
    />
  );
}
