import { x402Client } from "@x402/core/client";
import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  encodePaymentSignatureHeader,
} from "@x402/core/http";
import type { PaymentPayload, PaymentRequired } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm";
import type { Address, Hex } from "viem";
import { getAddress, isAddressEqual } from "viem/utils";
import { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { testUsdAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { type Page, type PageInput, toPage } from "#core/page.ts";
import { bytes32Schema } from "#core/policy/policy.ts";
import type { Refusal } from "#core/schemas/agent.ts";
import { type BuyInput, type PurchaseView, purchaseOutput } from "#core/schemas/purchase.ts";
import { type PaymentRequirements, paymentRequirements } from "#core/schemas/x402.ts";
import type { Prisma, X402Purchase } from "#generated/prisma/client.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { assertScope } from "#server/identity/assert-scope.ts";
import { refusalOf } from "#server/wallets/act-as-agent.ts";
import { type AgentRow, getAgentRow } from "#server/wallets/agent-rows.ts";
import { askSeller, type SellersAnswer } from "./ask-seller.ts";

/** Sellers that want longer to take their money than this get no longer. */
const TAKEN_WITHIN_SECONDS_MAX = 600;

const networkHere = (): `eip155:${string}` => `eip155:${env.CHAIN_ID}`;

function view(row: X402Purchase): PurchaseView {
  return purchaseOutput.parse({
    id: row.id,
    agentId: row.agentId,
    url: row.url,
    method: row.method,
    status: row.status,
    payTo: row.payTo,
    amount: row.amount?.toString() ?? null,
    transactionHash: row.transactionHash,
    answer:
      row.answerStatus === null ? null : { status: row.answerStatus, type: row.answerType, text: row.answer ?? "" },
    refusal: row.refusal,
    createdAt: row.createdAt.toISOString(),
  });
}

/**
 * Buys one answer of a third party by x402, from the agent's purse.
 *
 * What is paid is one EIP-3009 authorization a purchase, written down before it is sent. Whether it was taken is asked of
 * the token and never guessed from an answer: a seller that took the money and said an error was paid, and one that said
 * yes and did not take it was not. Asked again under its key, the same authorization goes out again, so that nothing is
 * paid twice.
 */
export async function buyAsAgent(actor: Actor, input: BuyInput & { key?: string | undefined }): Promise<PurchaseView> {
  assertScope(actor, "agents:write");
  const agent = await getAgentRow(actor, input.id);
  if (agent.status !== "active")
    throw new DomainError(agent.status === "awaiting-owner" ? "AGENT_NOT_READY" : "AGENT_PAUSED");
  const row = await begin(agent, input);
  if (row.status === "asking") return view(await authorize(agent, row));
  return view(await send(agent, row));
}

async function begin(agent: AgentRow, input: BuyInput & { key?: string | undefined }): Promise<X402Purchase> {
  const id = newId("purchase");
  const requestKey = input.key === undefined ? id : `${agent.id} ${input.key}`;
  const { url, method, body = null } = input;
  await db.x402Purchase.createMany({
    data: [
      { id, agentId: agent.id, requestKey, url, method, body, unitsMax: BigInt(input.unitsMax), status: "asking" },
    ],
    skipDuplicates: true,
  });
  const row = await db.x402Purchase.findUniqueOrThrow({ where: { requestKey } });
  const isSame =
    row.url === url && row.method === method && row.body === body && row.unitsMax === BigInt(input.unitsMax);
  if (!isSame) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
  return row;
}

/** What the seller asks for that can be paid here at all, or why nothing can. */
function chooseOffer({ accepts }: PaymentRequired, unitsMax: bigint): PaymentRequirements | string {
  const { TestUSD } = loadDeployment().contracts;
  const readable = accepts.flatMap((one) => {
    const parsed = paymentRequirements.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
  const here = readable.filter(({ network, asset }) => network === networkHere() && isAddressEqual(asset, TestUSD));
  const [cheapest] = here.toSorted((a, b) => (BigInt(a.amount) < BigInt(b.amount) ? -1 : 1));
  if (!cheapest) return "It takes no dollars on this chain by the exact scheme.";
  if (BigInt(cheapest.amount) > unitsMax) return `It costs ${cheapest.amount}; at most ${unitsMax} was allowed.`;
  return cheapest;
}

function readRequired({ headers, text }: SellersAnswer): PaymentRequired {
  const header = headers["payment-required"];
  try {
    return header ? decodePaymentRequiredHeader(header) : (JSON.parse(text) as PaymentRequired);
  } catch (cause) {
    throw new DomainError("SELLER_UNREACHABLE", { message: "The seller's price cannot be read." }, { cause });
  }
}

/** Hears the price, has the payment signed, writes it down and sends it. */
async function authorize(agent: AgentRow, row: X402Purchase): Promise<X402Purchase> {
  const first = await askSeller(row);
  if (first.status !== 402) return keepAnswer(row, "free", first, null);
  const required = readRequired(first);
  const offer = chooseOffer(required, row.unitsMax);
  if (typeof offer === "string") {
    await refuse(row, { refusedBy: "signer", rule: "price", value: offer, fix: "Allow more, or buy elsewhere." });
    throw new DomainError("PRICE_REFUSED", { reason: offer });
  }
  const payment = await signPayment(agent, row, required, offer);
  const { authorization } = authorizationSchema.parse(payment.payload);
  // Two at once under one key: whoever is first has written down the payment that both of them send.
  await db.x402Purchase.updateMany({
    where: { id: row.id, status: "asking" },
    data: {
      status: "authorized",
      payment: payment as unknown as Prisma.InputJsonValue,
      payTo: getAddress(authorization.to),
      amount: BigInt(authorization.value),
      nonce: authorization.nonce,
      validBefore: new Date(Number(authorization.validBefore) * 1_000),
    },
  });
  return send(agent, await db.x402Purchase.findUniqueOrThrow({ where: { id: row.id } }));
}

const authorizationSchema = z.object({
  authorization: z.object({
    to: z.string(),
    value: z.string(),
    validBefore: z.string(),
    nonce: bytes32Schema,
  }),
});

/** The official client makes the payment; the signer reads it and signs it, or says why not. */
async function signPayment(
  agent: AgentRow,
  row: X402Purchase,
  required: PaymentRequired,
  offer: PaymentRequirements,
): Promise<PaymentPayload> {
  const signed = z.object({
    to: z.string(),
    value: z.bigint(),
    validAfter: z.bigint(),
    validBefore: z.bigint(),
    nonce: bytes32Schema,
  });
  const signer = {
    address: agent.key as Address,
    signTypedData: async ({ message }: { message: Record<string, unknown> }): Promise<Hex> => {
      const { to, value, validAfter, validBefore, nonce } = signed.parse(message);
      const { signature } = await signerClient.signPurchase({
        agentId: agent.id,
        to: getAddress(to),
        amount: value,
        validAfter: Number(validAfter),
        validBefore: Number(validBefore),
        nonce,
      });
      return signature;
    },
  };
  const client = x402Client.fromConfig({
    schemes: [{ network: networkHere(), client: new ExactEvmScheme(signer) }],
    spendControls: {
      allowedAssets: [{ network: networkHere(), asset: offer.asset, maxAmountPerPayment: offer.amount }],
    },
  });
  const seconds = Math.min(offer.maxTimeoutSeconds, TAKEN_WITHIN_SECONDS_MAX);
  const chosen = required.accepts.find(
    (one) => one.payTo?.toLowerCase() === offer.payTo.toLowerCase() && String(one.amount) === offer.amount,
  );
  try {
    return await client.createPaymentPayload({
      ...required,
      accepts: [{ ...(chosen ?? offer), maxTimeoutSeconds: seconds } as PaymentRequired["accepts"][number]],
    });
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) await refuse(row, refusal, offer);
    throw error;
  }
}

/** With what was refused, where it came so far: a later policy is tried out on it. */
async function refuse(row: X402Purchase, refusal: Refusal, offer?: PaymentRequirements): Promise<void> {
  // The key is free again: what was refused can be asked for once it is allowed.
  await db.x402Purchase.updateMany({
    where: { id: row.id, status: "asking" },
    data: {
      status: "refused",
      refusal,
      requestKey: row.id,
      settledAt: new Date(),
      ...(offer ? { payTo: getAddress(offer.payTo), amount: BigInt(offer.amount) } : {}),
    },
  });
}

/** Whether the token has taken an authorization of the purse. */
const isTaken = (purse: string, nonce: string): Promise<boolean> =>
  publicClient().readContract({
    address: loadDeployment().contracts.TestUSD,
    abi: testUsdAbi,
    functionName: "authorizationState",
    args: [purse as Address, nonce as Hex],
  });

/** Sends the one payment of a purchase, and asks the token what became of it. */
async function send(agent: AgentRow, row: X402Purchase): Promise<X402Purchase> {
  const known = await settle(agent, row);
  // What is paid for and not delivered is asked for again with the same payment; what is over is over.
  const isDelivered = known.answerStatus !== null && known.answerStatus < 400;
  const isOpen = known.status === "authorized" || (known.status === "paid" && !isDelivered);
  if (!isOpen) return known;
  const header = encodePaymentSignatureHeader(row.payment as unknown as PaymentPayload);
  const answer = await askSeller({ ...row, headers: { "payment-signature": header } }).catch(() => null);
  const after = await settle(agent, row);
  if (!answer) return after;
  const settled = answer.status < 400 ? answer.headers["payment-response"] : undefined;
  const transaction = settled ? decodePaymentResponseHeader(settled).transaction : null;
  return keepAnswer(after, after.status === "paid" ? "paid" : "authorized", answer, transaction);
}

async function keepAnswer(
  row: X402Purchase,
  status: "free" | "paid" | "authorized",
  answer: SellersAnswer,
  transactionHash: string | null,
): Promise<X402Purchase> {
  return db.x402Purchase.update({
    where: { id: row.id },
    data: {
      ...(row.status === "paid" ? {} : { status }),
      // An error is shown until something better comes.
      answerStatus: answer.status,
      answerType: answer.type,
      answer: answer.text,
      ...(transactionHash ? { transactionHash } : {}),
      ...(status === "authorized" ? {} : { settledAt: new Date() }),
    },
  });
}

/** Asks the token about an authorized purchase: taken, never to be taken, or not known yet. */
async function settle(agent: Pick<AgentRow, "key">, row: X402Purchase): Promise<X402Purchase> {
  const { id, nonce, validBefore } = row;
  if (!nonce || !validBefore || row.status !== "authorized") return row;
  // Read before the state: what is not taken after its time is never taken.
  const { timestamp } = await publicClient().getBlock();
  const isOver = Number(timestamp) * 1_000 >= validBefore.getTime();
  if (await isTaken(agent.key, nonce))
    return db.x402Purchase.update({ where: { id }, data: { status: "paid", settledAt: new Date() } });
  if (isOver) return db.x402Purchase.update({ where: { id }, data: { status: "not-paid", settledAt: new Date() } });
  return row;
}

/** Finds out what became of payments that nobody asked about again. A loop. */
export async function settlePurchases(): Promise<{ settled: number }> {
  const open = await db.x402Purchase.findMany({
    where: { status: "authorized" },
    orderBy: { createdAt: "asc" },
    take: 100,
  });
  let settled = 0;
  for (const row of open) {
    const agent = await db.agent.findUnique({ where: { id: row.agentId }, select: { key: true } });
    if (agent && (await settle(agent, row)).status !== "authorized") settled += 1;
  }
  return { settled };
}

export async function getPurchase(actor: Actor, input: { id: string; purchaseId: string }): Promise<PurchaseView> {
  const agent = await getAgentRow(actor, input.id);
  const row = await db.x402Purchase.findFirst({ where: { id: input.purchaseId, agentId: agent.id } });
  if (!row) throw new DomainError("NOT_FOUND");
  return view(await settle(agent, row));
}

/** What an agent bought, newest first. */
export async function listPurchases(actor: Actor, input: PageInput & { id: string }): Promise<Page<PurchaseView>> {
  const agent = await getAgentRow(actor, input.id);
  const rows = await db.x402Purchase.findMany({
    where: { agentId: agent.id, ...(input.cursor ? { id: { lt: input.cursor } } : {}) },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const page = toPage(rows, input.limit);
  return { ...page, data: page.data.map(view) };
}
