import { createTestClient, createWalletClient, type Hex, http, parseEther, recoverAddress, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { computeEscrowAbi, testUsdAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { chatOrder } from "#core/inference-order.ts";
import { chatRequest } from "#core/schemas/chat.ts";
import type { EscrowCall, EscrowView } from "#core/schemas/escrow.ts";
import { nextReceiptsRoot, voucherDigest } from "#core/voucher.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { indexChain } from "#server/chain/index-chain.ts";
import { sendOutbox } from "#server/chain/send-outbox.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import { ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { listOwed } from "#server/ledger/list-owed.ts";
import { auditEscrows } from "#server/solvency/audit-flows.ts";
import { createPerson, mined, outsideAccount, outsider, type Person } from "#server/wallets/testing/wallet-world.ts";
import { closeHub } from "../hub.ts";
import { startInference } from "../run-inference.ts";
import { putPaperNode } from "../testing/paper-node.ts";
import { createDevice, serveModel } from "../testing/simulated-device.ts";
import { escrowLogHandlers, registerEscrowFailures } from "./chain-events.ts";
import { listEscrows, listVouchers, planClosing, planOpening } from "./escrows.ts";
import { settleEscrow, settleEscrows } from "./settle-escrows.ts";
import { signVoucher } from "./sign-voucher.ts";
import { voucherSigner } from "./voucher-signer.ts";

// The nodes of this test listen here.
vi.hoisted(() => {
  process.env.ALLOW_PRIVATE_NODES = "127.0.0.1";
});

const { contracts, chainId } = loadDeployment();
const anvil = createTestClient({ mode: "anvil", transport: http(env.CHAIN_RPC_URL) });
const closing: (() => void)[] = [];

beforeAll(async () => {
  registerEscrowFailures();
  await ensurePlatformAccounts();
});
afterAll(async () => {
  for (const close of closing) close();
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

async function follow(): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    const { pending: isSending } = await sendOutbox();
    const { pending } = await indexChain(escrowLogHandlers);
    const head = await publicClient().getBlockNumber();
    const cursor = await db.chainCursor.findUnique({ where: { name: "main" } });
    if (!isSending && !pending && cursor?.blockNumber === head) return;
  }
  throw new Error("The chain did not come to rest.");
}

type WalletPerson = Person & { address: Hex; send: (calls: readonly EscrowCall[]) => Promise<void> };

/** Somebody with a wallet of their own, some gas, and dollars in it. */
async function personWithWallet(dollars = 0n): Promise<WalletPerson> {
  const account = privateKeyToAccount(generatePrivateKey());
  const wallet = createWalletClient({ account, transport: http(env.CHAIN_RPC_URL) });
  await anvil.setBalance({ address: account.address, value: parseEther("1") });
  if (dollars > 0n)
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
  const person = await createPerson({ wallet: account.address });
  const send = async (calls: readonly EscrowCall[]) => {
    for (const { target, data } of calls) await mined(await wallet.sendTransaction({ chain: null, to: target, data }));
  };
  return { ...person, address: account.address, send };
}

const dollarsOf = (address: Hex): Promise<bigint> =>
  publicClient().readContract({
    address: contracts.TestUSD,
    abi: testUsdAbi,
    functionName: "balanceOf",
    args: [address],
  });

async function putNode(owner: Person, model: string): Promise<string> {
  const server = await serveModel(createDevice({ weights: "escrow" }).answer);
  closing.push(server.close);
  return putPaperNode(owner.actor.userId, model, { directUrl: server.url, outputPrice: 100_000_000n });
}

async function ask({ actor }: Person, model: string, escrow: string): Promise<string> {
  const body = { model, messages: [{ role: "user", content: "Go" }], max_tokens: 40, converge: { escrow } };
  const running = await startInference(actor, chatOrder(chatRequest.parse(body)));
  for await (const event of running.events) if (event.type === "end") await event.settled;
  return running.receiptId;
}

const onlyEscrow = async (person: Person): Promise<EscrowView> => {
  const { data } = await listEscrows(person.actor);
  const [escrow] = data;
  if (!escrow || data.length !== 1) throw new Error(`${data.length} escrows`);
  return escrow;
};

/** A renter with an open escrow for a provider's node. */
async function openedEscrow(units: bigint) {
  const [renter, provider] = [await personWithWallet(units), await personWithWallet()];
  const model = `escrow/${newId("model").slice(-8)}`;
  const nodeId = await putNode(provider, model);
  const { calls } = await planOpening({ nodeId, units: units.toString() });
  await renter.send(calls);
  await follow();
  const { id } = await onlyEscrow(renter);
  return { renter, provider, model, nodeId, id: id as Hex };
}

const findingsOf = async (id: string) => {
  const cursor = await db.chainCursor.findUniqueOrThrow({ where: { name: "main" } });
  return (await auditEscrows(sqlOf(pool), cursor.blockNumber)).filter(({ where }) => where.includes(id));
};

describe("an escrow", () => {
  it("pays its provider any number of requests with one transaction, and gives the rest back", async () => {
    const { renter, provider, model, id } = await openedEscrow(2_000_000n);
    expect(await onlyEscrow(provider)).toMatchObject({ id, isProvider: true, isRenter: false, available: "2000000" });
    const receiptIds = [await ask(renter, model, id), await ask(renter, model, id)];
    await signVoucher(id);
    receiptIds.push(await ask(renter, model, id));
    await Promise.all([signVoucher(id), signVoucher(id)]);

    const { data: vouchers } = await listVouchers(renter.actor, { id });
    expect(vouchers.map(({ number }) => number)).toEqual([2, 1]);
    const [newest, first] = vouchers;
    if (!newest || !first) throw new Error("There are no vouchers");
    expect(first.previousRoot).toBe(zeroHash);
    expect(newest.previousRoot).toBe(first.receiptsRoot);
    expect([...first.receipts, ...newest.receipts].map(({ receiptId }) => receiptId)).toEqual(receiptIds);
    for (const { previousRoot, receiptsRoot, receipts } of vouchers)
      expect(
        nextReceiptsRoot(
          previousRoot as Hex,
          receipts.map(({ digest, amount }) => ({ digest: `0x${digest}`, amount: BigInt(amount) })),
        ),
      ).toBe(receiptsRoot);
    const earned = BigInt(newest.cumulative);
    const charged = await db.inference.aggregate({ where: { receiptId: { in: receiptIds } }, _sum: { charged: true } });
    expect(earned).toBe(charged._sum.charged);
    expect(earned).toBeGreaterThan(0n);
    const digest = voucherDigest(
      { leaseId: id, cumulative: earned, receiptsRoot: newest.receiptsRoot as Hex },
      chainId,
      contracts.ComputeEscrow,
    );
    expect(await recoverAddress({ hash: digest, signature: newest.signature as Hex })).toBe(await voucherSigner());

    expect(await settleEscrow(provider.actor, { id })).toEqual({ id, settlingTo: earned.toString() });
    await expect(settleEscrow(provider.actor, { id })).rejects.toMatchObject({ code: "ESCROW_NOTHING_DUE" });
    await expect(settleEscrow(renter.actor, { id })).rejects.toMatchObject({ code: "ESCROW_NOT_FOUND" });
    await follow();
    expect(await dollarsOf(provider.address)).toBe(earned);
    expect(await onlyEscrow(renter)).toMatchObject({ settled: `${earned}`, earned: `${earned}`, status: "open" });
    expect(await findingsOf(id)).toEqual([]);

    await renter.send((await planClosing(renter.actor, { id })).calls);
    await follow();
    await expect(ask(renter, model, id)).rejects.toMatchObject({ code: "ESCROW_CLOSED" });
    await anvil.increaseTime({ seconds: 601 });
    await anvil.mine({ blocks: 1 });
    await settleEscrows();
    await follow();
    expect(await dollarsOf(renter.address)).toBe(2_000_000n - earned);
    await Promise.allSettled([settleEscrows(), settleEscrows()]);
    await settleEscrows();
    expect(await onlyEscrow(renter)).toMatchObject({ status: "closed", available: "0", earned: `${earned}` });
    expect(await findingsOf(id)).toEqual([]);
  });

  it("is in no root of the Vault's: its dollars do not lie there", async () => {
    const { id } = await openedEscrow(1_000_000n);
    const owed = await listOwed(sqlOf(pool), "USD");
    expect(owed.filter(({ code }) => code.includes(id))).toEqual([]);
  });

  it("is paid from by its payer alone, to its provider's nodes alone", async () => {
    const { renter, model, id } = await openedEscrow(1_000_000n);
    const stranger = await personWithWallet();
    await expect(ask(stranger, model, id)).rejects.toMatchObject({ code: "ESCROW_NOT_FOUND" });
    const other = `escrow/${newId("model").slice(-8)}`;
    await putNode(stranger, other);
    await expect(ask(renter, other, id)).rejects.toMatchObject({
      code: "NO_NODE_FITS",
      details: { reasons: ["escrow"] },
    });
    await expect(listVouchers(stranger.actor, { id })).rejects.toMatchObject({ code: "ESCROW_NOT_FOUND" });
    await expect(planClosing(stranger.actor, { id })).rejects.toMatchObject({ code: "ESCROW_NOT_FOUND" });
  });

  it("is never overdrawn, however many ask at once", async () => {
    // Forty tokens cost 4,000; there is room for five.
    const { renter, provider, model, id } = await openedEscrow(22_000n);
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => ask(renter, model, id)));
    const refused = answers.flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []));
    for (const reason of refused) expect(reason).toMatchObject({ code: "INSUFFICIENT_FUNDS" });
    expect(refused.length).toBeGreaterThan(0);
    await signVoucher(id);
    const view = await onlyEscrow(renter);
    expect(BigInt(view.earned)).toBeLessThanOrEqual(22_000n);
    expect(BigInt(view.earned) + BigInt(view.available) + BigInt(view.reserved)).toBe(22_000n);
    await settleEscrow(provider.actor, { id });
    await follow();
    expect(await dollarsOf(provider.address)).toBe(BigInt(view.earned));
  });

  it("of another's vouchers is not taken up", async () => {
    const renter = await personWithWallet(1_000_000n);
    const provider = await personWithWallet();
    const model = `escrow/${newId("model").slice(-8)}`;
    const nodeId = await putNode(provider, model);
    const { calls } = await planOpening({ nodeId, units: "1000000" });
    const signer = (await voucherSigner()).slice(2).toLowerCase();
    const others = calls.map(({ target, data }) => ({
      target,
      data: data.replace(signer, renter.address.slice(2).toLowerCase()) as Hex,
    }));
    await renter.send(others);
    await follow();
    expect((await listEscrows(renter.actor)).data).toEqual([]);
  });
});

describe("the voucher key", () => {
  it("signs for no other contract and no other chain", async () => {
    const voucher = { leaseId: zeroHash, cumulative: 1n, receiptsRoot: zeroHash };
    for (const where of [
      { chainId: chainId + 1, escrow: contracts.ComputeEscrow },
      { chainId, escrow: contracts.Vault },
    ])
      await expect(signerClient.signVoucher({ ...voucher, ...where })).rejects.toMatchObject({
        code: "SIGNER_REFUSED",
      });
  });

  it("is what the contract pays by, and not beyond the deposit", async () => {
    const { id, provider } = await openedEscrow(500_000n);
    const voucher = { leaseId: id, cumulative: 900_000n, receiptsRoot: zeroHash };
    const { signature } = await signerClient.signVoucher({ chainId, escrow: contracts.ComputeEscrow, ...voucher });
    await mined(
      await outsider.writeContract({
        account: await outsideAccount(),
        chain: null,
        address: contracts.ComputeEscrow,
        abi: computeEscrowAbi,
        functionName: "settle",
        args: [[{ ...voucher, signature }]],
      }),
    );
    await follow();
    expect(await dollarsOf(provider.address)).toBe(500_000n);
    // Nothing was earned: the renter has nothing left here either, and the audit names the lease.
    expect(await findingsOf(id)).toMatchObject([{ problem: expect.stringContaining("which are worth 0") }]);
    const { rows } = await pool.query("UPDATE escrow SET vouched = settled WHERE id = $1 RETURNING owner_id", [id]);
    expect(rows).toHaveLength(1);
    expect(await findingsOf(id)).toEqual([]);
  });
});
