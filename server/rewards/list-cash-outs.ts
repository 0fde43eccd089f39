import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { toWire, usd } from "#core/money.ts";
import { type PageInput, toPage } from "#core/page.ts";
import type { CashOut, cashOutsOutput } from "#core/schemas/reward.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

/** The caller's cash-outs, newest first. */
export async function listCashOuts(actor: Actor, input: PageInput): Promise<z.infer<typeof cashOutsOutput>> {
  const rows = await db.rewardCashOut.findMany({
    where: { userId: actor.userId, ...(input.cursor ? { id: { lt: input.cursor } } : {}) },
    orderBy: { id: "desc" },
    take: input.limit + 1,
    include: { epoch: true },
  });
  const { data, ...rest } = toPage(rows, input.limit);
  return { data: data.map(toCashOut), ...rest };
}

/** One cash-out of the caller and how far it is. */
export async function getCashOut(actor: Actor, input: { id: string }): Promise<CashOut> {
  const row = await db.rewardCashOut.findUnique({ where: { id: input.id }, include: { epoch: true } });
  if (row?.userId !== actor.userId) throw new DomainError("NOT_FOUND");
  return toCashOut(row);
}

type Row = {
  id: string;
  address: string;
  units: bigint;
  epochNumber: number | null;
  createdAt: Date;
  paidAt: Date | null;
  paidHash: string | null;
  epoch: { status: string } | null;
};

function toCashOut(row: Row): CashOut {
  return {
    id: row.id,
    status: statusOf(row),
    amount: toWire(usd(row.units)),
    address: row.address,
    epoch: row.epochNumber,
    createdAt: row.createdAt.toISOString(),
    arrivedAt: row.paidAt?.toISOString() ?? null,
    hash: row.paidHash,
  };
}

function statusOf(row: Row): CashOut["status"] {
  if (row.paidAt) return "arrived";
  if (!row.epoch) return "requested";
  return row.epoch.status === "final" ? "ready" : "settling";
}
