import { type Page, type PageInput, toPage } from "#core/page.ts";
import type { ProofSummary } from "#core/schemas/proof.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { summariseProof } from "./get-proof.ts";

/** The caller's proofs, newest first, without their bytes. */
export async function listProofs(
  actor: Actor,
  input: PageInput & { status?: ProofSummary["status"] | undefined },
): Promise<Page<ProofSummary>> {
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
  const { data, ...rest } = toPage(rows, input.limit);
  return { data: data.map((row) => summariseProof({ ...row, privateInput: null })), ...rest };
}
