import type { ModelStop } from "#core/schemas/proof.ts";
import type { ProvingModel } from "#generated/prisma/client.ts";

type Stops = Pick<ProvingModel, "takenDownReason" | "retiredAt" | "withdrawnReason">;

/** Why the registry takes no proofs of a model, as far as its events have been read; null while it does. */
export function stopOf({ takenDownReason, retiredAt, withdrawnReason }: Stops): ModelStop | null {
  if (withdrawnReason !== null) return { by: "verifier", reason: withdrawnReason };
  if (takenDownReason !== null) return { by: "guardian", reason: takenDownReason };
  return retiredAt === null ? null : { by: "owner", reason: null };
}
