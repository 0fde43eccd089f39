import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { EscrowCall } from "#core/schemas/escrow.ts";
import { notifyError } from "../api/notify-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { signOperation } from "../identity/sign-operation.ts";
import { toast } from "../ui/toast.ts";

type Options = {
  done: string;
  onDone?: () => void;
  /** A dialog tells why it was refused, beside its fields. */
  isRefusalShown?: boolean;
};

/** Makes calls from the person's own account: prepares them as one operation, has it signed, sends it. */
export function useEscrowOperation({ done, onDone, isRefusalShown = false }: Options) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const prepare = useMutation(trpc.account.prepareOperation.mutationOptions());
  const submit = useMutation(trpc.account.submitOperation.mutationOptions());
  return useMutation({
    mutationFn: async (plan: () => Promise<{ calls: EscrowCall[] }>) => {
      const operation = await prepare.mutateAsync(await plan());
      await submit.mutateAsync({ id: operation.id, signature: await signOperation(operation) });
    },
    onSuccess: async () => {
      toast.success(done, { description: "It shows here as soon as the chain has it for good." });
      onDone?.();
      await queryClient.invalidateQueries({ queryKey: trpc.escrow.pathKey() });
    },
    onError: (error) => {
      if (!isRefusalShown) notifyError("That did not work", error);
    },
  });
}
