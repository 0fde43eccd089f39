import type { ProvingModelView } from "#core/schemas/proof.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { stopOf } from "./model-stop.ts";

/** The models that outputs are proved of on this chain, the current ones first. Their weights are in none of this. */
export async function listModels(): Promise<{ data: ProvingModelView[] }> {
  const rows = await db.provingModel.findMany({
    where: { chainId: env.CHAIN_ID },
    include: { _count: { select: { proofs: { where: { status: "recorded" } } } } },
    orderBy: [{ isCurrent: "desc" }, { id: "desc" }],
    take: 100,
  });
  const data = rows.map(({ _count, takenDownReason, retiredAt, withdrawnReason, ...row }) => ({
    ...row,
    stop: stopOf({ takenDownReason, retiredAt, withdrawnReason }),
    accuracyFloat: row.accuracyFloat / 100,
    accuracyQuantised: row.accuracyQuantised / 100,
    proofCount: _count.proofs,
    createdAt: row.createdAt.toISOString(),
  }));
  return { data };
}
