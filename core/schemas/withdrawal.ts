import { z } from "zod";
import { addressText, wireAmount, withdrawalId, withdrawalOutput } from "./account.ts";
import { pageOf } from "./page.ts";

const isoTime = z.iso.datetime();

/** Where money may go: the person's own account, their agents', the wallet they came with, and what they added. */
export const withdrawalAddressOutput = z.object({
  address: z.string(),
  kind: z.enum(["account", "agent", "wallet", "added"]),
  label: z.string().nullable(),
  /** It counts from then on. */
  usableAt: isoTime,
  isUsable: z.boolean(),
});
export type WithdrawalAddressView = z.infer<typeof withdrawalAddressOutput>;
export const withdrawalAddressesOutput = z.object({ data: z.array(withdrawalAddressOutput) });

export const addWithdrawalAddressInput = z.strictObject({
  address: addressText,
  label: z.string().trim().min(1).max(60).optional(),
});
export const removeWithdrawalAddressInput = z.strictObject({ address: addressText });
export const withdrawalInput = z.strictObject({ id: withdrawalId });

/** One that an admin decides on, with who asks. */
export const approvalOutput = withdrawalOutput.extend({
  userId: z.string(),
  userName: z.string(),
  /** Who decided, when somebody has. */
  decidedBy: z.string().nullable(),
});
export type ApprovalView = z.infer<typeof approvalOutput>;
export const approvalsOutput = pageOf(approvalOutput);
export const rejectWithdrawalInput = z.strictObject({
  id: withdrawalId,
  /** The person reads it. */
  reason: z.string().trim().min(3).max(300),
});

/** A deposit of one's own: pending while too few blocks lie on it, credited once. */
export const depositOutput = z.object({
  transactionHash: z.string(),
  logIndex: z.number().int(),
  from: z.string(),
  amount: wireAmount,
  status: z.enum(["pending", "credited"]),
  /** Blocks that have it, its own included, up to `needed`. */
  confirmations: z.number().int(),
  needed: z.number().int(),
  at: isoTime,
});
export type DepositView = z.infer<typeof depositOutput>;
export const depositsOutput = z.object({
  data: z.array(depositOutput),
  /** False when the chain could not be asked for pending ones just now; nothing is lost by it. */
  isChainAnswering: z.boolean(),
});

/** A token that came to the Vault without a deposit. */
export const unassignedTransferOutput = z.object({
  transactionHash: z.string(),
  logIndex: z.number().int(),
  token: z.string(),
  /** Whether it is the token the Vault takes: then the ledger counts it as unclaimed. */
  isVaultToken: z.boolean(),
  from: z.string(),
  /** In the token's own base units. */
  amount: z.string(),
  /** "no-deposit": sent without a reference; "unknown-reference": deposited under one that nobody has. */
  reason: z.enum(["no-deposit", "unknown-reference"]),
  /** An open adjustment that would give it to somebody. */
  proposal: z.string().nullable(),
  at: isoTime,
});
export type UnassignedTransferView = z.infer<typeof unassignedTransferOutput>;
export const unassignedTransfersOutput = pageOf(unassignedTransferOutput);
