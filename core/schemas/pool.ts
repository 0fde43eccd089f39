import { z } from "zod";
import { idPattern } from "../ids.ts";

const units = z.string().regex(/^\d+$/);
const poolId = z.string().regex(idPattern("pool"));
const nodeId = z.string().regex(idPattern("node"));

/**
 * How what a pool's nodes earn is shared out. "pps" pays each piece of work its own worth; "pplns" shares what comes in
 * over the newest work of all members, so that who had no luck with customers for an hour earns with the others.
 */
export const poolScheme = z.enum(["pps", "pplns"]);
export type PoolScheme = z.infer<typeof poolScheme>;
export const POOL_FEE_BPS_MAX = 2_000;

export const createPoolInput = z.strictObject({
  name: z.string().trim().min(2).max(60),
  scheme: poolScheme,
  feeBps: z.number().int().min(0).max(POOL_FEE_BPS_MAX),
  /** The newest work that PPLNS shares over, in micro-dollars of work at the members' prices. */
  windowUnits: z
    .string()
    .regex(/^[1-9]\d{0,11}$/)
    .default("1000000"),
});
export const poolIdInput = z.strictObject({ id: poolId });
export const joinPoolInput = z.strictObject({ id: poolId, nodeId });
export const leavePoolInput = z.strictObject({ nodeId });

export const poolView = z.object({
  id: z.string(),
  name: z.string(),
  scheme: poolScheme,
  feeBps: z.number(),
  windowUnits: units,
  nodes: z.number(),
  members: z.number(),
  /** Work of the last day, in micro-dollars at the members' prices. */
  workDay: units,
  isMine: z.boolean(),
  createdAt: z.string(),
});
export type PoolView = z.infer<typeof poolView>;
export const poolsOutput = z.object({ data: z.array(poolView) });

export const poolWorkerView = z.object({
  nodeId: z.string(),
  nodeName: z.string(),
  isMine: z.boolean(),
  isOnline: z.boolean(),
  /** Micro-dollars of work at its prices: of the last hour, the last day, and within the window that is paid over. */
  workHour: units,
  workDay: units,
  workWindow: units,
  lastWorkAt: z.string().nullable(),
});
export type PoolWorkerView = z.infer<typeof poolWorkerView>;
export const poolDetail = poolView.extend({
  asset: z.literal("USD"),
  /** What came in and is not shared out yet. */
  pending: units,
  workers: z.array(poolWorkerView),
  /** What the caller got, newest first. */
  payouts: z.array(z.object({ round: z.number(), amount: units, work: units, at: z.string() })),
});
export type PoolDetail = z.infer<typeof poolDetail>;
