import type { z } from "zod";
import { toWire, usd } from "#core/money.ts";
import { type PageInput, toPage } from "#core/page.ts";
import type { epochsOutput } from "#core/schemas/reward.ts";
import { db } from "#server/db.ts";

const STATUSES = ["funding", "publishing", "final"] as const;

/** Every epoch, newest first, with its root, its money and the transactions that carry it. Public. */
export async function listEpochs(input: PageInput): Promise<z.infer<typeof epochsOutput>> {
  const rows = await db.rewardEpoch.findMany({
    ...(input.cursor ? { where: { number: { lt: Number(input.cursor) } } } : {}),
    orderBy: { number: "desc" },
    take: input.limit + 1,
    include: { _count: { select: { leaves: true } } },
  });
  const { data, ...rest } = toPage(rows, input.limit, (row) => String(row.number));
  return {
    data: data.map((row) => ({
      number: row.number,
      status: STATUSES.find((status) => status === row.status) ?? "funding",
      root: row.root,
      delta: toWire(usd(row.delta)),
      cumulativeTotal: toWire(usd(row.cumulativeTotal)),
      people: row._count.leaves,
      createdAt: row.createdAt.toISOString(),
      fundedAt: row.fundedAt?.toISOString() ?? null,
      fundedHash: row.fundedHash,
      finalAt: row.finalAt?.toISOString() ?? null,
      finalHash: row.finalHash,
    })),
    ...rest,
  };
}
