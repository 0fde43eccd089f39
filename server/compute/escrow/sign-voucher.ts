import { type Hex, zeroHash } from "viem";
import { nextReceiptsRoot } from "#core/voucher.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { type Sql, withTransaction } from "#server/db.ts";
import { addJob } from "#server/queue.ts";

const RECEIPTS_MAX = 1_000;

/** Writes down what a receipt earned under an escrow, with the money; a voucher follows in a moment. */
export async function noteEarned(
  sql: Sql,
  earned: { escrowId: string; receiptId: string; digest: string; amount: bigint },
): Promise<void> {
  await sql.query(
    "INSERT INTO escrow_receipt (escrow_id, receipt_id, digest, amount) VALUES ($1, $2, $3, $4) ON CONFLICT (receipt_id) DO NOTHING",
    [earned.escrowId, earned.receiptId, earned.digest, earned.amount],
  );
  const payload = { escrowId: earned.escrowId };
  await addJob(sql, "compute-sign-voucher", payload, { jobKey: `sign-voucher:${earned.escrowId}` });
}

/**
 * Signs one voucher over everything that was earned since the last. A job: of many requests at once one voucher comes,
 * and a lease's vouchers are made one after the other.
 */
export async function signVoucher(escrowId: string): Promise<void> {
  const { chainId, contracts } = loadDeployment();
  await withTransaction(async (sql) => {
    const [escrow] = await sql.query<{ vouchers: number; vouched: bigint; root: Hex | null }>(
      `SELECT e.vouchers, e.vouched, (SELECT receipts_root FROM escrow_voucher v WHERE v.escrow_id = e.id AND v.number = e.vouchers) AS root
       FROM escrow e WHERE e.id = $1 FOR UPDATE`,
      [escrowId],
    );
    if (!escrow) return;
    const receipts = await sql.query<{ number: bigint; digest: string; amount: bigint }>(
      `SELECT number, digest, amount FROM escrow_receipt WHERE escrow_id = $1 AND voucher IS NULL ORDER BY number LIMIT ${RECEIPTS_MAX}`,
      [escrowId],
    );
    if (receipts.length === 0) return;
    const number = escrow.vouchers + 1;
    const cumulative = receipts.reduce((sum, { amount }) => sum + amount, escrow.vouched);
    const receiptsRoot = nextReceiptsRoot(
      escrow.root ?? zeroHash,
      receipts.map(({ digest, amount }) => ({ digest: `0x${digest}`, amount })),
    );
    const { signature } = await signerClient.signVoucher({
      chainId,
      escrow: contracts.ComputeEscrow,
      leaseId: escrowId as Hex,
      cumulative,
      receiptsRoot,
    });
    await sql.query(
      "INSERT INTO escrow_voucher (escrow_id, number, cumulative, receipts_root, signature) VALUES ($1, $2, $3, $4, $5)",
      [escrowId, number, cumulative, receiptsRoot, signature],
    );
    await sql.query("UPDATE escrow SET vouchers = $2, vouched = $3 WHERE id = $1", [escrowId, number, cumulative]);
    await sql.query("UPDATE escrow_receipt SET voucher = $2 WHERE number = ANY($1)", [
      receipts.map((receipt) => receipt.number),
      number,
    ]);
    if (receipts.length === RECEIPTS_MAX)
      await addJob(sql, "compute-sign-voucher", { escrowId }, { jobKey: `sign-voucher:${escrowId}` });
  });
}
