import { encodePaymentRequiredHeader, encodePaymentResponseHeader } from "@x402/core/http";
import type { PaymentRequired, PaymentRequirements as Requirements } from "@x402/core/types";
import { toWireError } from "#core/api-error.ts";
import { DomainError } from "#core/errors.ts";
import { CHAT_BODY_BYTES_MAX } from "#core/schemas/chat.ts";
import { facilitatorRequest, type PaymentRequirements } from "#core/schemas/x402.ts";
import { quoteInference } from "#server/compute/quote-inference.ts";
import { closeSale, requirementsFor, takePayment } from "#server/wallets/x402/sell.ts";
import { awaitSettlement, orderPayment } from "#server/wallets/x402/settle-payment.ts";
import { networkOf, verifyPayment } from "#server/wallets/x402/verify-payment.ts";
import { CHAT } from "./chat-door.ts";
import { openDoor } from "./door.ts";
import { answerBody } from "./inference-door.ts";
import { parseJson, readJsonText } from "./request-body.ts";

const PAYMENT = "payment-signature";
const SOLD = "A chat completion of an OpenAI-compatible request, paid for by this one call.";

/** What it costs and how to pay: in the header, as clients of x402 read it, and in the body, as people do. */
function askForPayment(
  request: Request,
  wanted: PaymentRequirements,
  requestId: string,
  failure?: DomainError,
): Response {
  const error = failure ?? new DomainError("PAYMENT_REQUIRED");
  const { origin, pathname } = new URL(request.url);
  const required: PaymentRequired = {
    x402Version: 2,
    error: failure ? String(failure.details.reason ?? failure.code) : "payment_required",
    resource: { url: `${origin}${pathname}`, description: SOLD, mimeType: "application/json" },
    accepts: [wanted as unknown as Requirements],
  };
  return Response.json(
    { ...required, ...toWireError(error, requestId), message: "Pay the amount and send the request again." },
    { status: 402, headers: { "payment-required": encodePaymentRequiredHeader(required) } },
  );
}

/**
 * `POST /api/x402/chat/completions`: the chat surface for whoever has a wallet and no account. The first answer says what
 * the call can cost at most; the same request with a payment is settled, then answered. What the answer did not cost stays
 * in the balance of that wallet.
 */
export const handlePaidChat = (request: Request): Promise<Response> =>
  openDoor(request, { name: "x402-chat" }, async (door) => {
    const text = await readJsonText(request, CHAT_BODY_BYTES_MAX);
    const body = parseJson(text);
    const order = CHAT.order(CHAT.read(body));
    if (order.routing.escrow)
      throw new DomainError("VALIDATION_FAILED", { param: "converge.escrow", message: "A paid call has no escrow." });
    const wanted = requirementsFor(await quoteInference(order));
    const header = request.headers.get(PAYMENT);
    if (header === null) return askForPayment(request, wanted, door.requestId);
    const sale = await takePayment(header, wanted, text).catch((error: unknown) => {
      if (error instanceof DomainError && error.code === "PAYMENT_INVALID") return error;
      throw error;
    });
    if (sale instanceof DomainError) return askForPayment(request, wanted, door.requestId, sale);
    const { payment, actor } = sale;
    const response = await answerBody(CHAT, { ...door, actor }, body).catch(async (error: unknown) => {
      // Nothing was delivered, and the payment is good for another try.
      await closeSale(payment.id, false);
      throw error;
    });
    await closeSale(payment.id, true);
    const settled = {
      success: true,
      payer: payment.payer,
      transaction: payment.transactionHash ?? "",
      network: networkOf(),
      amount: payment.amount.toString(),
    };
    response.headers.set("payment-response", encodePaymentResponseHeader(settled));
    return response;
  });

const readRequest = async (request: Request) => facilitatorRequest.parse(parseJson(await readJsonText(request)));

/** `GET /api/x402/supported`: what our facilitator settles. */
export const handleSupported = (request: Request): Promise<Response> =>
  openDoor(request, { name: "x402-supported" }, async () =>
    Response.json({
      kinds: [{ x402Version: 2, scheme: "exact", network: networkOf() }],
      extensions: [],
      signers: { "eip155:*": [] },
    }),
  );

/** `POST /api/x402/verify`: whether a payment would settle. Nothing is kept. */
export const handleVerify = (request: Request): Promise<Response> =>
  openDoor(request, { name: "x402-verify" }, async () => {
    const { paymentPayload, paymentRequirements } = await readRequest(request);
    const verified = await verifyPayment(paymentPayload, paymentRequirements);
    if (verified.isValid) return Response.json({ isValid: true, payer: verified.payer });
    return Response.json({ isValid: false, invalidReason: verified.reason, payer: verified.payer });
  });

/** `POST /api/x402/settle`: carries a payment out for another seller, once. */
export const handleSettle = (request: Request): Promise<Response> =>
  openDoor(request, { name: "x402-settle" }, async () => {
    const { paymentPayload, paymentRequirements } = await readRequest(request);
    const { from: payer, to, value } = paymentPayload.payload.authorization;
    const refuse = (errorReason: string) =>
      Response.json({ success: false, errorReason, payer, transaction: "", network: networkOf() });
    if (to !== paymentRequirements.payTo || value !== paymentRequirements.amount)
      return refuse("requirements_mismatch");
    const ordered = await orderPayment(paymentPayload, paymentRequirements, null).catch((error: unknown) => {
      const isRefusal = error instanceof DomainError && ["PAYMENT_INVALID", "PAYMENT_USED"].includes(error.code);
      if (isRefusal) return String(error.details.reason ?? "payment_used");
      throw error;
    });
    if (typeof ordered === "string") return refuse(ordered);
    const payment = await awaitSettlement(ordered.id);
    // Not knowing is no answer that a seller could act on: it asks again, and the same order answers.
    if (!payment) throw new DomainError("PAYMENT_PENDING", { retryAfterSeconds: 2 });
    if (payment.status === "failed") return refuse(payment.error ?? "failed");
    const transaction = payment.transactionHash ?? "";
    return Response.json({ success: true, payer, transaction, network: networkOf(), amount: value });
  });
