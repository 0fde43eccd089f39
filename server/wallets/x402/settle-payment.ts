import { setTimeout as sleep } from "node:timers/promises";
import { encodeFunctionData } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { testUsdAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import type { PaymentPayload, PaymentRequirements } from "#core/schemas/x402.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { enqueueTransaction } from "#server/chain/outbox.ts";
import { db, withTransaction } from "#server/db.ts";
import { userOfWallet } from "#server/identity/siwe.ts";
import { verifyPayment } from "./verify-payment.ts";

export const SETTLE_PAYMENT = "x402-settle";
const SETTLES_WITHIN_MS = 15_000;
const LOOK_MS = 50;

export type PaymentRow = NonNullable<Awaited<ReturnType<typeof db.x402Payment.findUnique>>>;

const rowOf = ({ payload: { authorization } }: PaymentPayload): Promise<PaymentRow | null> =>
  db.x402Payment.findUnique({
    where: { payer_nonce: { payer: authorization.from.toLowerCase(), nonce: authorization.nonce } },
  });

/** Whether an authorization comes again for what it came for before. */
function assertSame(row: PaymentRow, payload: PaymentPayload, requestHash: string | null): void {
  const { to, value } = payload.payload.authorization;
  const isSame = row.payTo === to.toLowerCase() && row.amount === BigInt(value) && row.requestHash === requestHash;
  if (!isSame) throw new DomainError("PAYMENT_USED");
}

/**
 * Orders the transfer that an authorization allows, once however often it is asked for. What was ordered is written down
 * with the order, so neither a lost answer nor a lost process pays twice or loses a payment. With the hash of a request it
 * is a payment to us, for that request, and fills the balance of whoever the wallet belongs to.
 */
export async function orderPayment(
  payload: PaymentPayload,
  wanted: PaymentRequirements,
  requestHash: string | null,
): Promise<PaymentRow> {
  const before = await rowOf(payload);
  if (before) {
    assertSame(before, payload, requestHash);
    return before;
  }
  const verified = await verifyPayment(payload, wanted);
  if (!verified.isValid) throw new DomainError("PAYMENT_INVALID", { reason: verified.reason });
  const { from, to, value, validAfter, validBefore, nonce } = payload.payload.authorization;
  const id = newId("x402Payment");
  const userId = requestHash === null ? null : await userOfWallet(from);
  await withTransaction(async (sql) => {
    const made = await sql.query(
      `INSERT INTO x402_payment (id, payer, nonce, pay_to, amount, valid_before, request_hash, user_id, status)
       VALUES ($1, $2, $3, $4, $5, to_timestamp($6::float8), $7, $8, 'ordered') ON CONFLICT (payer, nonce) DO NOTHING RETURNING id`,
      [id, from.toLowerCase(), nonce, to.toLowerCase(), BigInt(value), validBefore, requestHash, userId],
    );
    if (made.length === 0) return;
    await enqueueTransaction(sql, {
      key: `x402:${id}`,
      to: loadDeployment().contracts.TestUSD,
      data: encodeFunctionData({
        abi: testUsdAbi,
        functionName: "transferWithAuthorization",
        args: [from, to, BigInt(value), BigInt(validAfter), BigInt(validBefore), nonce, payload.payload.signature],
      }),
      purpose: SETTLE_PAYMENT,
      refId: id,
    });
  });
  const row = await rowOf(payload);
  if (!row) throw new Error("A payment was written down and is not there.");
  // Somebody else was first with the same authorization.
  if (row.id !== id) assertSame(row, payload, requestHash);
  return row;
}

/** Waits for what the chain says of an order. Null while it has said nothing: that is neither success nor failure. */
export async function awaitSettlement(id: string, timeoutMs: number = SETTLES_WITHIN_MS): Promise<PaymentRow | null> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    const row = await db.x402Payment.findUniqueOrThrow({ where: { id } });
    if (row.status !== "ordered") return row;
    if (Date.now() >= giveUpAt) return null;
    await sleep(LOOK_MS);
  }
}
