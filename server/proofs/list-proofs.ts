import type { ProofSummary } from "#core/schemas/proof.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { summariseProof } from "./get-proof.ts";

type Page = { data: ProofSummary[]; hasMore: boolean; nextCursor: string | null };

/** The caller's proofs, newest first, without their bytes. */
export async function listProofs(
  actor: Actor,
  input: { limit: number; cursor?: string | undefined; status?: ProofSummary["status"] | undefined },
): Promise<Page> {
  // Ids begin with the time they were made, so their order is the order of the requests.
  const rows = await db.proof.findMany({
    where: {
      userId: actor.userId,
      ...(input.cursor ? { id: { lt: input.cursor } } : {}),
      ...(input.status ? { status: input.status } : {}),
    },
    include: { model: true },
    omit: { proof: true, privateInput: true },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const data = rows.slice(0, input.limit).map((row) => summariseProof({ ...row, privateInput: null }));
  const hasMore = rows.length > input.limit;
  return { data, hasMore, nextCursor: hasMore ? (data.at(-1)?.id ?? null) : null };
}
