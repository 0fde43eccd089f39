import { z } from "zod";
import { idPattern } from "../ids.ts";

const hex = z.templateLiteral(["0x", z.string()]);
const units = z.string().regex(/^\d+$/);
const unitsInput = z.string().regex(/^[1-9]\d{0,17}$/);
const leaseId = z.string().regex(/^0x[0-9a-f]{64}$/, "An escrow is named by the lease's id on the chain.");

export const escrowStatus = z.enum(["open", "closing", "closed"]);

export const escrowView = z.object({
  id: z.string(),
  /** Whether the caller pays from it or is paid by it; both where somebody rents their own nodes. */
  isRenter: z.boolean(),
  isProvider: z.boolean(),
  payer: z.string(),
  provider: z.string(),
  /** A node of the provider, to know them by; null where none is left. */
  nodeName: z.string().nullable(),
  agentId: z.string().nullable(),
  asset: z.literal("USD"),
  deposited: units,
  /** Earned by the provider until now, and how much of that the contract has paid. */
  earned: units,
  settled: units,
  /** Set aside for requests under way. */
  reserved: units,
  available: units,
  status: escrowStatus,
  closableAt: z.string().nullable(),
  transactionHash: z.string(),
  openedAt: z.string(),
});
export type EscrowView = z.infer<typeof escrowView>;

/** A voucher as `ComputeEscrow.settle` takes it. Anyone may have it settled; the newest is worth all before it. */
export const voucherView = z.object({
  number: z.int(),
  leaseId: z.string(),
  cumulative: units,
  receiptsRoot: z.string(),
  /** The root before it, zero for the first: with the receipts it gives `receiptsRoot`. */
  previousRoot: z.string(),
  signature: z.string(),
  receipts: z.array(z.object({ receiptId: z.string(), digest: z.string(), amount: units })),
  createdAt: z.string(),
});
export type VoucherView = z.infer<typeof voucherView>;

export const escrowIdInput = z.strictObject({ id: leaseId });
export const escrowsOutput = z.object({
  data: z.array(escrowView),
  /** The contract, and the address that a lease must name as its signer. */
  contract: z.string(),
  signer: z.string(),
  token: z.string(),
  chainId: z.int(),
});
export type EscrowsOutput = z.infer<typeof escrowsOutput>;
export const vouchersInput = z.strictObject({ id: leaseId, before: z.coerce.number().int().positive().optional() });
export const vouchersOutput = z.object({ data: z.array(voucherView) });
export const openEscrowInput = z.strictObject({ nodeId: z.string().regex(idPattern("node")), units: unitsInput });
export const topUpEscrowInput = z.strictObject({ id: leaseId, units: unitsInput });
const escrowCall = z.object({ target: hex, data: hex });
export type EscrowCall = z.infer<typeof escrowCall>;
export const escrowCallsOutput = z.object({ calls: z.array(escrowCall) });
export const settleEscrowOutput = z.object({ id: z.string(), settlingTo: units });
