import { type Page, type PageInput, toPage } from "#core/page.ts";
import { type InferenceView, inferenceStatus } from "#core/schemas/compute.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

/** A person's completions, newest first, those of their agents too; a key of an agent sees that agent's only. */
export async function listInferences(actor: Actor, input: PageInput): Promise<Page<InferenceView>> {
  const rows = await db.inference.findMany({
    where: {
      userId: actor.userId,
      ...(actor.agentId ? { agentId: actor.agentId } : {}),
      ...(input.cursor ? { id: { lt: input.cursor } } : {}),
    },
    include: { receipt: { select: { id: true } } },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const { data, ...rest } = toPage(rows, input.limit);
  const views = data.map(
    (row): InferenceView => ({
      id: row.id,
      model: row.model,
      status: inferenceStatus.parse(row.status),
      payer: row.payer,
      agentId: row.agentId,
      promptTokens: row.promptTokens,
      completionTokens: row.completionTokens,
      finishReason: row.finishReason,
      asset: "USD",
      reserved: row.reserved.toString(),
      charged: row.charged?.toString() ?? null,
      receiptId: row.receipt?.id ?? null,
      firstTokenMs: row.firstTokenAt ? row.firstTokenAt.getTime() - row.createdAt.getTime() : null,
      createdAt: row.createdAt.toISOString(),
      finishedAt: row.finishedAt?.toISOString() ?? null,
    }),
  );
  return { data: views, ...rest };
}
