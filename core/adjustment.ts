import { sha256Hex } from "./node-signature.ts";
import { canonicalJson } from "./receipt.ts";

/** What on the chain an adjustment explains: where a log lies, and what it is. */
export const SOURCE_KINDS = ["unassigned", "deposit", "withdrawal"] as const;
export type AdjustmentSource = {
  kind: (typeof SOURCE_KINDS)[number];
  transactionHash: string;
  logIndex: number;
};

/** Everything that an approval is given to. */
export type AdjustmentContent = {
  id: string;
  reason: string;
  reference: string | null;
  source: AdjustmentSource | null;
  transfers: readonly { debit: string; credit: string; units: string }[];
};

/** SHA-256 over the one text an adjustment has; its proposer, its approver and an auditor all come to the same. */
export function hashAdjustment({ id, reason, reference, source, transfers }: AdjustmentContent): Promise<string> {
  const text = canonicalJson({
    version: "converge.adjustment.v1",
    id,
    asset: "USD",
    reason,
    reference,
    source: source && { kind: source.kind, transactionHash: source.transactionHash, logIndex: source.logIndex },
    transfers: transfers.map(({ debit, credit, units }) => ({ debit, credit, units })),
  });
  return sha256Hex(text);
}

/** The ledger's key for one of an adjustment's transfers: an approval that comes twice posts it once. */
export const adjustmentKey = (id: string, place: number): string => `adjustment:${id}:${place}`;
