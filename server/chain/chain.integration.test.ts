import { type Address, createTestClient, createWalletClient, type Hex, http, publicActions } from "viem";
import { encodeFunctionData, keccak256, stringToHex, toHex } from "viem/utils";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { inferenceRegistryAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import { publicClient } from "./client.ts";
import { loadDeployment } from "./deployments.ts";
import { currentFees } from "./fees.ts";
import { indexChain, onEvent } from "./index-chain.ts";
import { enqueueTransaction, registerFailureHandler } from "./outbox.ts";
import { assignNonce, listQueued, recordAttempt } from "./outbox-store.ts";
import { sendOutbox } from "./send-outbox.ts";
import { signerClient } from "./signer-client.ts";

const { contracts } = loadDeployment();
const anvil = createTestClient({ mode: "anvil", transport: http(env.CHAIN_RPC_URL) }).extend(publicActions);
const wallet = createWalletClient({ transport: http(env.CHAIN_RPC_URL) });
const sql = sqlOf(pool);
const registry = { address: contracts.InferenceRegistry, abi: inferenceRegistryAbi } as const;

/** A registration; any contract will do as a verifier. */
function registration(verifier: Address, architectureHash: Hex, name: string): Hex {
  const terms = { verifier, architectureHash, outputCount: 1, isSigned: false, name };
  const weights = { commitment: toHex(1, { size: 32 }), accuracyFloat: 0, accuracyInteger: 0 };
  return encodeFunctionData({ abi: inferenceRegistryAbi, functionName: "registerModel", args: [terms, weights] });
}

/** A transaction whose effect shows: a model of an architecture of its own. */
let made = 0;
function modelOrder(name: string = newId("model")) {
  const data = registration(contracts.WebAuthnVerifier ?? "0x", keccak256(stringToHex(`${name} ${made++}`)), name);
  return { key: `test:${name}`, to: registry.address, data, purpose: "test", refId: name };
}
const effects = async (name: string): Promise<number> => {
  const events = await publicClient().getContractEvents({ ...registry, eventName: "ModelRegistered", fromBlock: 0n });
  return events.filter((event) => event.args.name === name).length;
};
const rowOf = (key: string) => db.chainTransaction.findUniqueOrThrow({ where: { key }, include: { attempts: true } });
/** Passes until a transaction is final: the chain mines a moment after it took it. */
const sendUntilFinal = (key: string) =>
  vi.waitFor(
    async () => {
      await sendOutbox(PATIENT);
      expect(await rowOf(key)).toMatchObject({ status: "final" });
    },
    { timeout: 20_000, interval: 50 },
  );
const PATIENT = { rebroadcastAfterMs: 1e9, replaceAfterMs: 1e9 };
const AGAIN = { rebroadcastAfterMs: 0, replaceAfterMs: 1e9 };
const RAISE = { rebroadcastAfterMs: 0, replaceAfterMs: 0 };

async function giveNonce(id: string) {
  const { address: sender } = await signerClient.getOperator({});
  const fees = await currentFees();
  const chainNonce = await publicClient().getTransactionCount({ address: sender });
  return assignNonce({
    id,
    sender,
    chainNonce,
    gasLimit: 300_000n,
    maxFee: fees.maxFeePerGas,
    priorityFee: fees.maxPriorityFeePerGas,
  });
}

afterEach(() => anvil.setAutomine(true));
afterAll(() => pool.end());

describe("the outbox", () => {
  it("orders one transaction for one key, and sends it once", async () => {
    const order = modelOrder();
    const ids = await Promise.all([enqueueTransaction(sql, order), enqueueTransaction(sql, order)]);
    expect(ids[0]).toBe(ids[1]);
    await sendUntilFinal(order.key);
    expect(await rowOf(order.key)).toMatchObject({ status: "final", error: null });
    await sendOutbox(RAISE);
    expect(await effects(order.refId)).toBe(1);
  });

  it("finishes what a life that ended after the nonce, or after the signature, had begun", async () => {
    const [first, second] = [modelOrder(), modelOrder()];
    const firstId = await enqueueTransaction(sql, first);
    const secondId = await enqueueTransaction(sql, second);
    await giveNonce(firstId);
    const assigned = await giveNonce(secondId);
    if (!assigned) throw new Error("The nonce was not given.");
    const { nonce, gasLimit: gas, maxFee: maxFeePerGas, priorityFee: maxPriorityFeePerGas } = assigned;
    const signed = await signerClient.signOperatorTransaction({
      transaction: {
        chainId: env.CHAIN_ID,
        nonce,
        to: second.to,
        data: second.data,
        value: 0n,
        gas,
        maxFeePerGas,
        maxPriorityFeePerGas,
      },
    });
    await recordAttempt(secondId, signed);
    for (let round = 0; round < 3; round++) await sendOutbox(AGAIN);
    for (const order of [first, second]) {
      expect(await rowOf(order.key)).toMatchObject({ status: "final" });
      expect(await effects(order.refId)).toBe(1);
    }
    expect((await rowOf(second.key)).hash).toBe(signed.hash);
  });

  it("raises the price of a transaction that the pool lost, at the same nonce, for one effect", async () => {
    const order = modelOrder();
    await anvil.setAutomine(false);
    await enqueueTransaction(sql, order);
    expect(await sendOutbox(PATIENT)).toEqual({ pending: true });
    const before = await rowOf(order.key);
    await anvil.dropTransaction({ hash: before.hash as Hex });
    await sendOutbox(RAISE);
    const raised = await rowOf(order.key);
    expect(raised.nonce).toBe(before.nonce);
    expect(raised.attempts).toHaveLength(2);
    expect(Number(raised.maxFee) / Number(before.maxFee)).toBeGreaterThanOrEqual(1.125);
    await anvil.mine({ blocks: 1 });
    await sendUntilFinal(order.key);
    expect(await rowOf(order.key)).toMatchObject({ status: "final", hash: raised.hash });
    expect(await effects(order.refId)).toBe(1);
  });

  it("settles by the first form when that one is mined after all", async () => {
    const order = modelOrder();
    await anvil.setAutomine(false);
    await enqueueTransaction(sql, order);
    await sendOutbox(PATIENT);
    const first = await rowOf(order.key);
    const { raw } = first.attempts[0] ?? { raw: "0x" };
    await sendOutbox(RAISE);
    const second = await rowOf(order.key);
    await anvil.dropTransaction({ hash: second.hash as Hex });
    await publicClient().sendRawTransaction({ serializedTransaction: raw as Hex });
    await anvil.mine({ blocks: 1 });
    await sendUntilFinal(order.key);
    expect(await rowOf(order.key)).toMatchObject({ status: "final", hash: first.hash });
    expect(await effects(order.refId)).toBe(1);
  });

  it("sends each transaction once with several workers at it", async () => {
    const orders = Array.from({ length: 12 }, () => modelOrder());
    for (const order of orders) await enqueueTransaction(sql, order);
    await Promise.all([sendOutbox(AGAIN), sendOutbox(AGAIN), sendOutbox(AGAIN)]);
    while ((await sendOutbox(AGAIN)).pending);
    const rows = await Promise.all(orders.map(({ key }) => rowOf(key)));
    const nonces = rows.map(({ nonce }) => nonce ?? -1).sort((a, b) => a - b);
    expect(rows.every(({ status }) => status === "final")).toBe(true);
    expect(nonces.at(-1)).toBe((nonces[0] ?? 0) + 11);
    for (const order of orders) expect(await effects(order.refId)).toBe(1);
  });

  it("gives up on what would revert, says why, and holds nobody up", async () => {
    const failures: string[] = [];
    registerFailureHandler("test-refused", async (_, { error, refId }) => {
      failures.push(`${refId}: ${error}`);
    });
    const good = modelOrder();
    const data = registration("0x00000000000000000000000000000000000000aa", toHex(1, { size: 32 }), "no code");
    const key = `test:${newId("model")}`;
    await enqueueTransaction(sql, { key, to: registry.address, data, purpose: "test-refused", refId: "bad" });
    await enqueueTransaction(sql, good);
    await sendUntilFinal(good.key);
    expect(await rowOf(good.key)).toMatchObject({ status: "final" });
    for (let round = 0; round < 8; round++) {
      await pool.query("UPDATE chain_transaction SET not_before = now() WHERE key = $1", [key]);
      await sendOutbox(PATIENT);
    }
    expect(await rowOf(key)).toMatchObject({ status: "failed", nonce: null });
    expect(failures).toEqual([expect.stringMatching(/^bad: ModelRegistry_VerifierInvalid/)]);
    expect(await listQueued(10)).toEqual([]);
  });
});

describe("what the signer does not sign", () => {
  it("gets no nonce and is given up with the reason", async () => {
    const key = `test:${newId("model")}`;
    await enqueueTransaction(sql, { key, to: contracts.TestUSD, data: "0x18160ddd", purpose: "test" });
    const good = modelOrder();
    await enqueueTransaction(sql, good);
    await sendUntilFinal(good.key);
    expect(await rowOf(key)).toMatchObject({
      status: "failed",
      nonce: null,
      error: expect.stringContaining("does not call"),
    });
    expect(await rowOf(good.key)).toMatchObject({ status: "final" });
  });
});

describe("the indexer", () => {
  const seen: string[] = [];
  const handlers = [
    onEvent({
      ...registry,
      contract: "InferenceRegistry",
      event: "ModelRegistered",
      apply: async (_, { args }) => {
        seen.push(args.name);
      },
    }),
  ];
  const follow = async (confirmations: number) => {
    while ((await indexChain(handlers, { confirmations })).pending);
  };
  /** The same order from outside, so that a reorganisation can drop it and nobody sends it again. */
  async function register(name: string): Promise<Hex> {
    const [account] = await wallet.getAddresses();
    const { to, data } = modelOrder(name);
    if (!account) throw new Error("The development chain has no unlocked account.");
    const hash = await wallet.sendTransaction({ account, chain: null, to, data });
    await publicClient().waitForTransactionReceipt({ hash });
    return hash;
  }
  const reorganise = (depth: number) => anvil.request({ method: "anvil_reorg" as never, params: [depth, []] as never });
  const count = (name: string) => seen.filter((other) => other === name).length;

  it("applies an event once it is deep enough, once", async () => {
    const name = newId("model");
    await register(name);
    await follow(3);
    expect(count(name)).toBe(0);
    await anvil.mine({ blocks: 2 });
    await Promise.all([follow(3), follow(3)]);
    await follow(3);
    expect(count(name)).toBe(1);
  });

  it("counts nothing of a block that a reorganisation took back, and once what came back", async () => {
    const [gone, back] = [newId("model"), newId("model")];
    await anvil.mine({ blocks: 3 });
    await follow(4);
    await register(gone);
    await register(back);
    await reorganise(2);
    await register(back);
    await anvil.mine({ blocks: 4 });
    await follow(4);
    expect(await effects(gone)).toBe(0);
    expect(count(gone)).toBe(0);
    expect(count(back)).toBe(1);
  });

  it("is followed by several workers, each event once, and none takes the others' progress for a new chain", async () => {
    const names = Array.from({ length: 8 }, () => newId("model"));
    const mining = (async () => {
      for (const name of names) await register(name);
    })();
    const isOver = mining.then(() => true);
    const worker = async () => {
      while (!(await Promise.race([isOver, follow(1).then(() => false)])));
      await follow(1);
    };
    await Promise.all([mining, worker(), worker(), worker(), worker()]);
    expect((await db.chainCursor.findUniqueOrThrow({ where: { name: "main" } })).status).toBe("following");
    for (const name of names) expect(count(name)).toBe(1);
  });

  it("halts, and says so, when the chain changes below what it confirmed", async () => {
    const name = newId("model");
    await register(name);
    await follow(1);
    expect(count(name)).toBe(1);
    await reorganise(2);
    await register(newId("model"));
    await follow(1);
    const cursor = await db.chainCursor.findUniqueOrThrow({ where: { name: "main" } });
    expect(cursor.status).toBe("halted");
    expect(cursor.detail).toMatch(/^Block \d+ was 0x/);

    const block = await publicClient().getBlock({ blockNumber: cursor.blockNumber });
    await db.chainCursor.update({
      where: { name: "main" },
      data: { status: "following", detail: null, blockHash: block.hash },
    });
    await follow(1);
    expect((await db.chainCursor.findUniqueOrThrow({ where: { name: "main" } })).status).toBe("following");
  });
});
