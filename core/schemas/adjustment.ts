import { z } from "zod";
import { SOURCE_KINDS } from "../adjustment.ts";
import { idPattern } from "../ids.ts";
import { hash32Text, unitsInput, wireAmount } from "./account.ts";
import { pageInput, pageOf } from "./page.ts";

const isoTime = z.iso.datetime();
const accountCode = z.string().regex(/^[a-z]+:[0-9A-Za-z_:.-]{1,200}$/, "The code of a ledger account.");
const person = z.object({ id: z.string(), name: z.string() });
const sha256Text = z.string().regex(/^[0-9a-f]{64}$/, "A SHA-256 in hex.");

export const ADJUSTMENT_TRANSFERS_MAX = 20;

export const adjustmentSource = z.strictObject({
  kind: z.enum(SOURCE_KINDS),
  transactionHash: hash32Text.toLowerCase(),
  logIndex: z.number().int().min(0).max(1_000_000),
});

export const proposeAdjustmentInput = z.strictObject({
  /** The people whose money moves read it in their statements. */
  reason: z.string().trim().min(3).max(200),
  /** A ticket, an e-mail, a case: where somebody finds out more. */
  reference: z.string().trim().min(1).max(100).optional(),
  /** Needed where the Vault's or the unclaimed account is touched. */
  source: adjustmentSource.optional(),
  transfers: z
    .array(z.strictObject({ debit: accountCode, credit: accountCode, units: unitsInput }))
    .min(1)
    .max(ADJUSTMENT_TRANSFERS_MAX),
});
export type ProposeAdjustmentInput = z.infer<typeof proposeAdjustmentInput>;

const adjustmentId = z.string().regex(idPattern("adjustment"));
export const adjustmentInput = z.strictObject({ id: adjustmentId });
/** The hash says what was read: anything else is not approved by it. */
export const approveAdjustmentInput = z.strictObject({ id: adjustmentId, contentHash: sha256Text });
export const rejectAdjustmentInput = z.strictObject({ id: adjustmentId, reason: z.string().trim().min(3).max(200) });
export const listAdjustmentsInput = pageInput.extend({ state: z.enum(["open", "all"]).default("all") });

export const adjustmentOutput = z.object({
  object: z.literal("adjustment"),
  id: z.string(),
  status: z.enum(["open", "posted", "rejected", "expired"]),
  reason: z.string(),
  reference: z.string().nullable(),
  source: z.object({ kind: z.enum(SOURCE_KINDS), transactionHash: z.string(), logIndex: z.number().int() }).nullable(),
  contentHash: z.string(),
  transfers: z.array(
    z.object({
      debit: z.string(),
      credit: z.string(),
      amount: wireAmount,
      /** The posting, once there is one. */
      transferId: z.string().nullable(),
    }),
  ),
  proposedBy: person,
  proposedAt: isoTime,
  expiresAt: isoTime,
  decidedBy: person.nullable(),
  decidedAt: isoTime.nullable(),
  /** Why it was rejected. */
  decisionReason: z.string().nullable(),
});
export type AdjustmentView = z.infer<typeof adjustmentOutput>;
export const adjustmentsOutput = pageOf(adjustmentOutput);

/** What those read of a posted adjustment whose money it moved. */
export const ownAdjustmentOutput = z.object({
  object: z.literal("own_adjustment"),
  id: z.string(),
  reason: z.string(),
  reference: z.string().nullable(),
  contentHash: z.string(),
  /** How many transfers it had; those of others are not shown. */
  transferCount: z.number().int(),
  proposedBy: z.string(),
  proposedAt: isoTime,
  approvedBy: z.string(),
  approvedAt: isoTime,
});
