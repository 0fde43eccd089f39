import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  encodePaymentSignatureHeader,
} from "@x402/core/http";
import { ExactEvmScheme } from "@x402/evm";
import { wrapFetchWithPaymentFromConfig, x402Client } from "@x402/fetch";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { getAddress } from "viem/utils";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { testUsdAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { closeHub } from "#server/compute/hub.ts";
import { putPaperNode } from "#server/compute/testing/paper-node.ts";
import { createDevice, serveModel } from "#server/compute/testing/simulated-device.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { tokenBalance } from "#server/wallets/get-account.ts";
import {
  createPerson,
  followUntilQuiet,
  mined,
  outsideAccount,
  outsider,
} from "#server/wallets/testing/wallet-world.ts";
import { handlePaidChat, handleSettle, handleSupported, handleVerify } from "./x402-doors.ts";

// The node of this test listens here.
vi.hoisted(() => {
  process.env.ALLOW_PRIVATE_NODES = "127.0.0.1";
});

const { contracts } = loadDeployment();
const network = `eip155:${env.CHAIN_ID}` as const;
/** A development dollar is no token that clients know by themselves. */
const spendControls = { allowedAssets: [{ network, asset: contracts.TestUSD, maxAmountPerPayment: "1000000" }] };
const model = `x402/${newId("model").slice(-8)}`;
const URL_OF_CHAT = "http://localhost/api/x402/chat/completions";
const ask = { model, max_tokens: 20, messages: [{ role: "user", content: "Go" }] };
const closing: (() => unknown)[] = [];
let isFollowing = true;
let following: Promise<void>;

/** Somebody with a wallet and dollars in it, and nothing else. */
async function buyer(dollars = 1_000_000n): Promise<PrivateKeyAccount> {
  const account = privateKeyToAccount(generatePrivateKey());
  await mined(
    await outsider.writeContract({
      account: await outsideAccount(),
      chain: null,
      address: contracts.TestUSD,
      abi: testUsdAbi,
      functionName: "transfer",
      args: [account.address, dollars],
    }),
  );
  return account;
}

const post = (body: object | string, headers: Record<string, string> = {}) =>
  handlePaidChat(
    new Request(URL_OF_CHAT, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
  );

/** Signs the payment that a first answer asks for, as the official client does. */
async function paymentFor(account: PrivateKeyAccount, body: object = ask) {
  const first = await post(body);
  expect(first.status).toBe(402);
  const required = decodePaymentRequiredHeader(first.headers.get("payment-required") ?? "");
  const client = x402Client.fromConfig({ schemes: [{ network, client: new ExactEvmScheme(account) }], spendControls });
  const payload = await client.createPaymentPayload(required);
  return { payload, required, header: { "payment-signature": encodePaymentSignatureHeader(payload) } };
}

const codeOf = async (response: Response) => ((await response.json()) as { error?: { code?: string } }).error?.code;

beforeAll(async () => {
  await ensurePlatformAccounts();
  const server = await serveModel(createDevice({ weights: "x402" }).answer);
  closing.push(server.close);
  await putPaperNode((await createPerson()).actor.userId, model, { directUrl: server.url, outputPrice: 100_000_000n });
  // What the worker does.
  following = (async () => {
    while (isFollowing) await followUntilQuiet().then(() => new Promise((resolve) => setTimeout(resolve, 50)));
  })();
}, 60_000);
afterAll(async () => {
  isFollowing = false;
  await following;
  for (const close of closing) await close();
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

describe("a call that is paid for by itself", () => {
  it("is bought by the official client, from a wallet without an account", async () => {
    const account = await buyer();
    const pay = wrapFetchWithPaymentFromConfig(
      (input: RequestInfo | URL, init?: RequestInit) => handlePaidChat(new Request(input, init)),
      { schemes: [{ network, client: new ExactEvmScheme(account) }], spendControls },
    );
    const response = await pay(URL_OF_CHAT, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ask),
    });
    expect(response.status).toBe(200);
    const answer = await response.json();
    expect(answer.usage.completion_tokens).toBe(20);
    const settled = decodePaymentResponseHeader(response.headers.get("payment-response") ?? "");
    expect(settled).toMatchObject({ success: true, network, payer: account.address.toLowerCase() });
    expect(settled.transaction).toMatch(/^0x[0-9a-f]{64}$/);
    const paid = BigInt(settled.amount ?? "0");
    expect(await tokenBalance(account.address)).toBe(1_000_000n - paid);
    // Charged by what came; the rest is there for whoever signs in with this wallet.
    const wallet = await db.userWallet.findUniqueOrThrow({ where: { address: account.address } });
    const balance = await getBalance(userAccount(wallet.userId));
    const inference = await db.inference.findFirstOrThrow({ where: { userId: wallet.userId } });
    expect(balance.available).toBe(paid - (inference.charged ?? 0n));
    expect(inference.charged).toBeGreaterThan(0n);
    expect(await db.unassignedTransfer.count({ where: { from: account.address } })).toBe(0);
  });

  it("is served once and paid once, however often and at once the same payment comes", async () => {
    const account = await buyer();
    const { header, payload } = await paymentFor(account);
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(ask, header)));
    const codes = await Promise.all(answers.map(async (one) => (one.status === 200 ? 200 : await codeOf(one))));
    expect(codes.filter((code) => code === 200)).toHaveLength(1);
    expect(codes.filter((code) => code === "PAYMENT_USED")).toHaveLength(7);
    const replay = await post(ask, header);
    expect(await codeOf(replay)).toBe("PAYMENT_USED");
    const elsewhere = await post({ ...ask, max_tokens: 19 }, header);
    expect(["PAYMENT_USED", "PAYMENT_INVALID"]).toContain(await codeOf(elsewhere));
    const { value } = payload.payload.authorization as { value: string };
    expect(await tokenBalance(account.address)).toBe(1_000_000n - BigInt(value));
    const { userId } = await db.userWallet.findUniqueOrThrow({ where: { address: account.address } });
    expect(await db.inference.count({ where: { userId } })).toBe(1);
    expect(await db.x402Payment.count({ where: { payer: account.address.toLowerCase() } })).toBe(1);
  });

  it("keeps a payment good when what it was for could not be delivered", async () => {
    const account = await buyer();
    const { header } = await paymentFor(account);
    await pool.query("UPDATE compute_offer SET is_active = false WHERE model = $1", [model]);
    await pool.query("UPDATE x402_payment SET serving_at = NULL");
    const { forgetMarket } = await import("#server/compute/list-candidates.ts");
    forgetMarket();
    expect((await post(ask, header)).status).toBe(503);
    await pool.query("UPDATE compute_offer SET is_active = true WHERE model = $1", [model]);
    forgetMarket();
    expect((await post(ask, header)).status).toBe(200);
  });

  it("asks again, with the reason, for a payment that would not settle, and takes nothing", async () => {
    const account = await buyer(5_000n);
    const { payload, required } = await paymentFor(account);
    const [wanted] = required.accepts;
    if (!wanted) throw new Error("Nothing was asked for");
    const { authorization } = payload.payload as { authorization: Record<string, string> };
    const changed = (change: Record<string, string>, signature = payload.payload.signature) => ({
      ...payload,
      payload: { signature, authorization: { ...authorization, ...change } },
    });
    const broken = [
      changed({ value: "1" }),
      changed({ to: getAddress("0x00000000000000000000000000000000000000aa") }),
      changed({ validBefore: "1" }),
      changed({}, `0x${"11".repeat(65)}`),
      { ...payload, accepted: { ...payload.accepted, network: "eip155:1" as const } },
    ];
    for (const one of broken) {
      const response = await post(ask, { "payment-signature": encodePaymentSignatureHeader(one as typeof payload) });
      expect(response.status, JSON.stringify(one)).toBe(402);
      expect(response.headers.get("payment-required")).not.toBeNull();
    }
    for (const header of ["", "%%%", Buffer.from("{}").toString("base64"), "A".repeat(20_000)])
      expect((await post(ask, { "payment-signature": header })).status).toBe(402);
    expect(await tokenBalance(account.address)).toBe(5_000n);
    expect(await db.userWallet.count({ where: { address: account.address } })).toBe(0);
    expect((await post("{")).status).toBe(400);
    expect((await post({ ...ask, model: "no/such" })).status).toBe(404);
  });

  it("is refused a wallet that does not have the money", async () => {
    const account = await buyer(1n);
    const { header } = await paymentFor(account);
    const response = await post(ask, header);
    expect(response.status).toBe(402);
    expect(await tokenBalance(account.address)).toBe(1n);
  });
});

describe("the facilitator", () => {
  const send = async (door: (request: Request) => Promise<Response>, body: object) => {
    const request = new Request("http://localhost/api/x402/x", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await (await door(request)).json()) as Record<string, unknown>;
  };

  it("verifies and settles for another seller, and a payment that comes twice once", async () => {
    const [account, seller] = [await buyer(), privateKeyToAccount(generatePrivateKey()).address];
    const { required } = await paymentFor(account);
    const [ours] = required.accepts;
    if (!ours) throw new Error("Nothing was asked for");
    const paymentRequirements = { ...ours, payTo: seller, amount: "250000" };
    const client = x402Client.fromConfig({
      schemes: [{ network, client: new ExactEvmScheme(account) }],
      spendControls,
    });
    const paymentPayload = await client.createPaymentPayload({ ...required, accepts: [paymentRequirements] });
    const request = { x402Version: 2, paymentPayload, paymentRequirements };
    expect(await send(handleVerify, request)).toMatchObject({ isValid: true, payer: account.address });
    const settled = await Promise.all([send(handleSettle, request), send(handleSettle, request)]);
    for (const one of settled) expect(one).toMatchObject({ success: true, network, amount: "250000" });
    expect(settled[0]?.transaction).toBe(settled[1]?.transaction);
    expect(await tokenBalance(seller)).toBe(250_000n);
    expect(await tokenBalance(account.address)).toBe(750_000n);
    expect(await send(handleVerify, request)).toMatchObject({ isValid: false });
    const other = { ...request, paymentRequirements: { ...paymentRequirements, amount: "250001" } };
    expect(await send(handleSettle, other)).toMatchObject({ success: false });
  });

  it("says what it settles, and refuses another chain", async () => {
    const supported = await handleSupported(new Request("http://localhost/api/x402/supported"));
    expect(await supported.json()).toMatchObject({ kinds: [{ x402Version: 2, scheme: "exact", network }] });
    const { payload, required } = await paymentFor(await buyer());
    const request = {
      x402Version: 2,
      paymentPayload: payload,
      paymentRequirements: { ...required.accepts[0], network: "eip155:8453" },
    };
    expect(await send(handleVerify, request)).toMatchObject({ isValid: false, invalidReason: "invalid_network" });
  });
});
