import { z } from "zod";
import { pageOf } from "./page.ts";

const count = z.number().int().nonnegative();
const amount = z.object({ asset: z.literal("USD"), units: z.string() });
const isoTime = z.iso.datetime();

/** What the back office sees first. */
export const adminOverviewSchema = z.object({
  at: isoTime,
  people: z.object({ users: count, providers: count, admins: count, activeSessions: count }),
  ledger: z.object({
    accounts: count,
    transfers: count,
    /** What the platform owes to everybody together. */
    liabilities: amount,
    /** What the vault contract holds according to the ledger. */
    vault: amount,
    reserved: amount,
    revenue: amount,
    isBalanced: z.boolean(),
  }),
  /** The newest solvency epoch. "underfunded": the ledger owes more than the Vault holds, and no root is anchored. */
  solvency: z
    .object({
      epoch: z.string(),
      status: z.enum(["built", "anchored", "failed", "underfunded"]),
      liabilities: amount,
      reserves: amount,
      error: z.string().nullable(),
      anchoredAt: isoTime.nullable(),
    })
    .nullable(),
  /** The last comparison of ledger and chain that ended; null before the first. */
  reconciliation: z
    .object({
      id: z.string(),
      status: z.enum(["done", "failed"]),
      finishedAt: isoTime,
      findingCount: count,
      hasChain: z.boolean(),
    })
    .nullable(),
  queue: z.object({ waiting: count, running: count, dead: count }),
  outbox: z.array(z.object({ status: z.string(), count })),
  nodes: z.array(z.object({ status: z.string(), count })),
  processes: z.array(z.object({ name: z.string(), startedAt: isoTime, seenAt: isoTime, isAlive: z.boolean() })),
  readiness: z.object({
    status: z.enum(["ready", "unready"]),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), ms: z.number(), message: z.string().optional() })),
  }),
});

export const adminActionsOutput = pageOf(
  z.object({
    id: z.string(),
    at: isoTime,
    userId: z.string(),
    userName: z.string(),
    action: z.string(),
    /** The id of what it was done to. */
    subject: z.string(),
    details: z.record(z.string(), z.unknown()),
  }),
);

const adminUserSchema = z.object({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  createdAt: isoTime,
  balance: amount,
});

export const adminUsersSchema = pageOf(adminUserSchema);
