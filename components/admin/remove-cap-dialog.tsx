"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { PlatformCapView } from "#core/schemas/cap.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Popup } from "../ui/opener.tsx";
import { ReasonDialog } from "./reason-dialog.tsx";

export default function RemoveCapDialog({ cap, ...popup }: Popup & { cap: PlatformCapView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const remove = useMutation(
    trpc.admin.removeCap.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await queryClient.invalidateQueries({ queryKey: trpc.admin.listCaps.pathKey() });
      },
    }),
  );
  return (
    <ReasonDialog
      {...popup}
      title="Remove this cap"
      description={`${cap.scope}: it holds nothing back from now on.`}
      submitLabel="Remove cap"
      isPending={remove.isPending}
      error={remove.error}
      onSubmit={(reason) => remove.mutate({ id: cap.id, reason })}
    />
  );
}
