import { z } from "zod";
import { idPattern } from "../ids.ts";

const units = z.string().regex(/^\d+$/);

export const claimStatus = z.enum(["ordered", "open", "contested", "upheld", "dismissed", "failed"]);
export const stakeClaimView = z.object({
  id: z.string(),
  nodeId: z.string(),
  nodeName: z.string(),
  address: z.string(),
  amount: units,
  /** What was taken; null before it is decided. */
  slashed: units.nullable(),
  reason: z.string(),
  evidence: z.string(),
  status: claimStatus,
  respondBy: z.string().nullable(),
  decideBy: z.string().nullable(),
  transactionHash: z.string().nullable(),
  error: z.string().nullable(),
  createdAt: z.string(),
});
export type StakeClaimView = z.infer<typeof stakeClaimView>;

/** A provider's stake over all addresses that are theirs, and how to add to it. */
export const stakeView = z.object({
  asset: z.literal("USD"),
  /** What stands behind the nodes now: neither on its way out nor claimed. */
  active: units,
  total: units,
  escrow: z.string(),
  token: z.string(),
  chainId: z.number(),
  addresses: z.array(
    z.object({
      address: z.string(),
      total: units,
      leaving: units,
      locked: units,
      withdrawableAt: z.string().nullable(),
    }),
  ),
  claims: z.array(stakeClaimView),
});
export type StakeView = z.infer<typeof stakeView>;

export const claimStakeInput = z.strictObject({
  nodeId: z.string().regex(idPattern("node")),
  units: z.string().regex(/^[1-9]\d{0,17}$/),
  reason: z.string().trim().min(3).max(500),
});
export const dismissClaimInput = z.strictObject({ id: z.string().regex(idPattern("stakeClaim")) });
export const claimsOutput = z.object({ data: z.array(stakeClaimView) });
