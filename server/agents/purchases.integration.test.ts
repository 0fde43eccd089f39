import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { encodePaymentRequiredHeader, encodePaymentResponseHeader } from "@x402/core/http";
import { type Address, parseAbi } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { tripBreaker } from "#server/wallets/breakers.ts";
import { confirmAgent, createAgent } from "#server/wallets/create-agent.ts";
import { tokenBalance } from "#server/wallets/get-account.ts";
import { fillPurse } from "#server/wallets/pause-agent.ts";
import {
  createPerson,
  depositFor,
  followUntilQuiet,
  mined,
  outsideAccount,
  outsider,
  type Person,
} from "#server/wallets/testing/wallet-world.ts";
import { previewPolicy } from "./preview-policy.ts";
import { buyAsAgent, getPurchase, listPurchases, settlePurchases } from "./purchases.ts";

// The seller of this test listens here.
vi.hoisted(() => {
  process.env.ALLOW_PRIVATE_NODES = "127.0.0.1";
});

const PRICE = 20_000n;
const payTo = privateKeyToAccount(generatePrivateKey()).address;
const other = privateKeyToAccount(generatePrivateKey()).address;
const { contracts } = loadDeployment();
const ABI = parseAbi([
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)",
]);

/** How the seller behaves once it is paid; each is a seller that somebody met. */
type Manner = "honest" | "settles-then-502" | "settles-then-hangs-up" | "serves-unsettled" | "asks-again" | "refuses";
let manner: Manner = "honest";
let asked = { amount: PRICE, payTo: payTo as Address };
const seen = { asks: 0, payments: [] as string[], settlements: 0 };

/** One after the other: the seller's own account has one nonce at a time. */
let taking: Promise<unknown> = Promise.resolve();
function take(header: string): Promise<string> {
  const taken = taking.then(() => takeNow(header));
  taking = taken.catch(() => undefined);
  return taken;
}

async function takeNow(header: string): Promise<string> {
  const { payload } = JSON.parse(Buffer.from(header, "base64").toString("utf8"));
  const { from, to, value, validAfter, validBefore, nonce } = payload.authorization;
  const hash = await outsider.writeContract({
    account: await outsideAccount(),
    chain: null,
    address: contracts.TestUSD,
    abi: ABI,
    functionName: "transferWithAuthorization",
    args: [from, to, BigInt(value), BigInt(validAfter), BigInt(validBefore), nonce, payload.signature],
  });
  await mined(hash);
  seen.settlements += 1;
  return hash;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === "/free") return void response.end("for nothing");
  const header = request.headers["payment-signature"];
  const required = {
    x402Version: 2,
    resource: { url: "http://seller/answer", description: "", mimeType: "text/plain" },
    accepts: [
      {
        scheme: "exact",
        network: `eip155:${env.CHAIN_ID}`,
        asset: contracts.TestUSD,
        amount: asked.amount.toString(),
        payTo: asked.payTo,
        maxTimeoutSeconds: 60,
        extra: { name: "Test USD", version: "1" },
      },
    ],
  };
  const ask = () => {
    seen.asks += 1;
    response.writeHead(402, { "payment-required": encodePaymentRequiredHeader(required as never) }).end("{}");
  };
  if (typeof header !== "string") return ask();
  seen.payments.push(header);
  if (manner === "asks-again") return ask();
  if (manner === "refuses") return void response.writeHead(500).end("no");
  // A seller that was paid by this before does not take it again: the token would not let it.
  const isNew = seen.payments.filter((one) => one === header).length === 1;
  const transaction = isNew && manner !== "serves-unsettled" ? await take(header) : "";
  if (isNew && manner === "settles-then-502") return void response.writeHead(502).end("bad gateway");
  if (isNew && manner === "settles-then-hangs-up") return void response.destroy();
  const paid = { success: true, transaction, network: `eip155:${env.CHAIN_ID}` };
  response.writeHead(200, { "payment-response": encodePaymentResponseHeader(paid as never) }).end("the answer");
}

const server = createServer((request, response) => void answer(request, response));
const policy: PolicyInput = {
  perTransactionCap: "1000000",
  windowCap: "1000000",
  windowSeconds: 3_600,
  validUntil: new Date(Date.now() + 86_400_000).toISOString(),
  guards: { purchases: { payees: [payTo], perPayment: "50000", perWindow: "500000" } },
  rules: [{ kind: "deposit" }],
};
let url: string;
let owner: Person;
let agentId: string;
let purse: Address;

beforeAll(async () => {
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer`;
  owner = await createPerson();
  await depositFor(userAccount(owner.actor.userId), 10_000_000n);
  await followUntilQuiet();
  const { agent, operation } = await createAgent(owner.actor, { name: "Buyer", policy });
  agentId = agent.id;
  purse = agent.key as Address;
  await confirmAgent(owner.actor, { id: agentId, signature: owner.approve(operation.hash) });
  await followUntilQuiet();
  await fillPurse(owner.actor, { id: agentId, units: "1000000" });
  await followUntilQuiet();
});
beforeEach(() => {
  manner = "honest";
  asked = { amount: PRICE, payTo };
  Object.assign(seen, { asks: 0, payments: [], settlements: 0 });
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await db.$disconnect();
  await pool.end();
});

let keys = 0;
const buy = (key = `buy-${++keys}`, change: object = {}) =>
  buyAsAgent(owner.actor, { id: agentId, url, method: "GET", unitsMax: "50000", key, ...change });

/** What a purchase cost, by the token. */
async function costOf(work: () => Promise<unknown>): Promise<bigint> {
  const before = await tokenBalance(purse);
  await work();
  return before - (await tokenBalance(purse));
}

describe("an agent that buys by x402", () => {
  it("pays what is asked, gets the answer and its receipt, and pays nothing for a repeat", async () => {
    const cost = await costOf(async () => {
      const bought = await buy("first");
      expect(bought).toMatchObject({
        status: "paid",
        amount: "20000",
        payTo,
        answer: { status: 200, text: "the answer" },
      });
      expect(bought.transactionHash).toMatch(/^0x[0-9a-f]{64}$/);
      expect(await buy("first")).toEqual(bought);
    });
    expect(cost).toBe(PRICE);
    expect(seen).toMatchObject({ asks: 1, settlements: 1 });
    await expect(buy("first", { unitsMax: "1" })).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED" });
  });

  it.each<[Manner]>([["settles-then-502"], ["settles-then-hangs-up"]])(
    "pays once a seller that %s, knows that it paid, and gets what it paid for when it asks again",
    async (how) => {
      manner = how;
      const key = `trouble-${how}`;
      const cost = await costOf(async () => {
        expect((await buy(key)).status).toBe("paid");
        const again = await buy(key);
        expect(again).toMatchObject({ status: "paid", answer: { status: 200, text: "the answer" } });
      });
      expect(cost).toBe(PRICE);
      expect(new Set(seen.payments).size).toBe(1);
      expect(seen.settlements).toBe(1);
    },
  );

  it("pays once for eight requests at a time under one key", async () => {
    const cost = await costOf(() => Promise.allSettled(Array.from({ length: 8 }, () => buy("at once"))));
    expect(cost).toBe(PRICE);
    expect(new Set(seen.payments).size).toBe(1);
  });

  it("signs no second payment for a seller that asks again", async () => {
    manner = "asks-again";
    expect(await costOf(() => buy("twice"))).toBe(0n);
    expect((await buy("twice")).status).toBe("authorized");
    expect(new Set(seen.payments).size).toBe(1);
  });

  it("is told for nothing what is for nothing", async () => {
    const bought = await buy(undefined, { url: url.replace("/answer", "/free") });
    expect(bought).toMatchObject({ status: "free", amount: null, answer: { text: "for nothing" } });
  });

  it("pays nobody whom its owner did not name, and no more than its owner said", async () => {
    asked.payTo = other;
    await expect(buy("stranger")).rejects.toMatchObject({ code: "POLICY_DENIED", details: { rule: "purchase-payee" } });
    asked = { amount: 50_001n, payTo };
    await expect(buy("dear", { unitsMax: "900000" })).rejects.toMatchObject({ details: { rule: "purchase-cap" } });
    await expect(buy("dear-2")).rejects.toMatchObject({ code: "PRICE_REFUSED" });
    expect(seen.payments).toEqual([]);
    const { data } = await listPurchases(owner.actor, { id: agentId, limit: 50 });
    expect(data.filter(({ status }) => status === "refused")).toHaveLength(3);
    // A refusal frees its key.
    asked = { amount: PRICE, payTo };
    expect((await buy("stranger")).status).toBe("paid");
  });

  it("does not take a seller's word for being paid: neither success nor failure until the token says so", async () => {
    manner = "serves-unsettled";
    const { id, status, answer: got } = await buy("unsettled");
    expect({ status, text: got?.text }).toEqual({ status: "authorized", text: "the answer" });
    await settlePurchases();
    expect((await getPurchase(owner.actor, { id: agentId, purchaseId: id })).status).toBe("authorized");
    // Its time is over.
    await pool.query("UPDATE x402_purchase SET valid_before = now() - interval '1 minute' WHERE id = $1", [id]);
    await settlePurchases();
    expect((await getPurchase(owner.actor, { id: agentId, purchaseId: id })).status).toBe("not-paid");
    // Over is over: the key stays with what became of it.
    expect(await costOf(() => buy("unsettled"))).toBe(0n);
  });

  it("has its purchases tried under another policy: payees, what a payment costs, and its window", async () => {
    const preview = async (purchases: NonNullable<PolicyInput["guards"]>["purchases"]) =>
      (await previewPolicy(owner.actor, { id: agentId, policy: { ...policy, guards: { purchases } } })).dryRun;
    const { data } = await listPurchases(owner.actor, { id: agentId, limit: 100 });
    const signed = data.filter(({ status }) => status === "paid" || status === "authorized" || status === "not-paid");
    const same = await preview(policy.guards?.purchases);
    expect(same).toMatchObject({ changes: [], stillAllowed: signed.length, untried: { actions: 0 } });
    const cheap = await preview({ payees: [payTo], perPayment: "19999", perWindow: "500000" });
    expect(cheap.changes.map(({ rule }) => rule)).toEqual(signed.map(() => "purchase-cap"));
    const once = await preview({ payees: [payTo], perPayment: "50000", perWindow: "20000" });
    expect(once).toMatchObject({ stillAllowed: 1 });
    // What was refused then is known too: to whom, and how much.
    const wider = await preview({ payees: [payTo, other], perPayment: "50000", perWindow: "900000" });
    expect(wider.changes.find(({ wasDone, would }) => !wasDone && would === "allowed")).toMatchObject({
      kind: "purchase",
      rule: null,
    });
    const none = await previewPolicy(owner.actor, { id: agentId, policy: { ...policy, guards: {} } });
    expect(none.dryRun).toMatchObject({ stillAllowed: 0, untried: { actions: 0 } });
    await pool.query(
      "UPDATE x402_purchase SET pay_to = NULL, amount = NULL WHERE agent_id = $1 AND status = 'refused'",
      [agentId],
    );
    const unknown = await preview(policy.guards?.purchases);
    expect(unknown.untried.guards).toMatchObject([{ guard: "purchases", why: "payment-not-noted" }]);
  });

  it("keeps its window with twenty at a time", async () => {
    asked.amount = 50_000n;
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => buy()));
    const bought = results.filter(({ status }) => status === "fulfilled").length;
    const { data } = await listPurchases(owner.actor, { id: agentId, limit: 100 });
    const signed = data.filter(({ status }) => status !== "refused");
    const sum = signed.reduce((total, { amount }) => total + BigInt(amount ?? 0), 0n);
    expect(bought).toBeGreaterThan(0);
    expect(bought).toBeLessThan(10);
    expect(sum).toBeLessThanOrEqual(500_000n);
  });

  it("connects to no address inside, and buys nothing once it is stopped", async () => {
    await expect(buy(undefined, { url: "http://169.254.169.254/latest" })).rejects.toMatchObject({
      code: "SELLER_UNREACHABLE",
    });
    await tripBreaker(owner.actor, { id: agentId, reason: "enough bought" });
    await expect(buy()).rejects.toMatchObject({ code: "BREAKER_TRIPPED" });
  });
});
