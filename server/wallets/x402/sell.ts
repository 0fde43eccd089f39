import { createHash } from "node:crypto";
import { DomainError } from "#core/errors.ts";
import { type PaymentPayload, type PaymentRequirements, paymentPayload } from "#core/schemas/x402.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { awaitSettlement, orderPayment, type PaymentRow } from "./settle-payment.ts";
import { AMOUNT_MIN, networkOf } from "./verify-payment.ts";

const PAY_WITHIN_SECONDS = 300;
/** Prices are asked in steps of a tenth of a cent, so that one is the same a moment later. */
const STEP = 1_000n;
/** What was begun and not ended is taken to have died. */
const SERVES_WITHIN_SECONDS = 900;

/** What one call costs up front: the most it can come to. What it does not come to stays the payer's. */
export function requirementsFor(cost: bigint): PaymentRequirements {
  const { TestUSD, Vault } = loadDeployment().contracts;
  const amount = ((cost + STEP - 1n) / STEP) * STEP;
  return {
    scheme: "exact",
    network: networkOf(),
    asset: TestUSD,
    amount: (amount < AMOUNT_MIN ? AMOUNT_MIN : amount).toString(),
    payTo: Vault,
    maxTimeoutSeconds: PAY_WITHIN_SECONDS,
    // EIP-3009 signs under the token's own EIP-712 domain.
    extra: { name: "Test USD", version: "1" },
  };
}

/** Reads the header that carries a payment. */
export function readPayment(header: string): PaymentPayload {
  const bad = () => new DomainError("PAYMENT_INVALID", { reason: "invalid_payload" });
  if (header.length > 16_384) throw bad();
  try {
    return paymentPayload.parse(JSON.parse(Buffer.from(header, "base64").toString("utf8")));
  } catch {
    throw bad();
  }
}

export type Sale = { payment: PaymentRow; actor: Actor };

/**
 * Takes a payment for one request: settles it and says who pays. The money is the payer's balance here, under the
 * account that belongs to their wallet; a call is charged by what it delivers, as everybody's, and the rest is there for
 * whoever signs in with that wallet.
 */
export async function takePayment(header: string, wanted: PaymentRequirements, request: string): Promise<Sale> {
  const payload = readPayment(header);
  const { authorization } = payload.payload;
  // The official scheme compares the authorization with what is asked; what was accepted must be that, too.
  const isForThis = payload.accepted.payTo === wanted.payTo && payload.accepted.amount === authorization.value;
  if (!isForThis) throw new DomainError("PAYMENT_INVALID", { reason: "requirements_mismatch" });
  const requestHash = createHash("sha256").update(request).digest("hex");
  const ordered = await orderPayment(payload, wanted, requestHash);
  const payment = await awaitSettlement(ordered.id);
  if (!payment) throw new DomainError("PAYMENT_PENDING", { retryAfterSeconds: 2 });
  if (payment.status === "failed") throw new DomainError("PAYMENT_INVALID", { reason: payment.error ?? "failed" });
  if (!payment.userId) throw new DomainError("PAYMENT_USED");
  await claimServing(payment.id);
  return { payment, actor: { userId: payment.userId, roles: ["user"], via: "api_key", scopes: ["inference:write"] } };
}

/** One delivery for one payment, however many ask for it at once. */
async function claimServing(id: string): Promise<void> {
  const claimed = await sqlOf(db).query(
    `UPDATE x402_payment SET serving_at = now() WHERE id = $1 AND served_at IS NULL
       AND (serving_at IS NULL OR serving_at < now() - make_interval(secs => $2)) RETURNING id`,
    [id, SERVES_WITHIN_SECONDS],
  );
  if (claimed.length === 0) throw new DomainError("PAYMENT_USED");
}

/** What it paid for was delivered; or nothing was, and it may be asked for again under the same payment. */
export async function closeSale(id: string, wasServed: boolean): Promise<void> {
  await db.x402Payment.update({ where: { id }, data: wasServed ? { servedAt: new Date() } : { servingAt: null } });
}
