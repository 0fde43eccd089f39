import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { sealForImport } from "#core/key-import.ts";
import type { OpenKey } from "#core/private-key.ts";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { signOperation } from "../identity/sign-operation.ts";
import { toast } from "../ui/toast.ts";

type NewAgent = {
  name: string;
  policy: PolicyInput;
  /** What the policy began with. */
  template: { id: string; version: number } | null;
  ownKey: OpenKey | null;
};

/** Makes an agent, with its owner's own key sealed on the way when they brought one, and has its limits signed. */
export function useCreateAgent() {
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const prepareImport = useMutation(trpc.agent.prepareImport.mutationOptions());
  const createAgent = useMutation(trpc.agent.createAgent.mutationOptions());
  const confirm = useMutation(trpc.agent.confirmAgent.mutationOptions());
  return useMutation({
    mutationFn: async ({ name, policy, template, ownKey }: NewAgent) => {
      const importedKey =
        ownKey === null
          ? {}
          : {
              importedKey: await sealForImport(
                { ...ownKey, secret: ownKey.secret.slice() },
                await prepareImport.mutateAsync(),
              ),
            };
      const made = await createAgent.mutateAsync({ name, policy, ...(template ? { template } : {}), ...importedKey });
      try {
        await confirm.mutateAsync({ id: made.agent.id, signature: await signOperation(made.operation) });
        toast.success(`${made.agent.name} is being set up`, {
          description: "It becomes active as soon as the chain has your grant.",
        });
      } catch (error) {
        // The agent exists and waits; its page offers the signature again.
        toast.error("The agent still awaits your signature", { description: readApiError(error).message });
      }
      await queryClient.invalidateQueries({ queryKey: trpc.agent.pathKey() });
      router.push(`/agents/${made.agent.id}`);
    },
  });
}
