import { createPublicKey, verify } from "node:crypto";
import { readFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { type Address, type Hex, parseAbi, recoverAddress } from "viem";
import { concatHex, encodeFunctionData, getAddress, hexToBytes, slice, toHex } from "viem/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DomainError } from "#core/errors.ts";
import { entryPointAbi, vaultAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { encodeExecution } from "#core/policy/execution.ts";
import { firstArgumentIs } from "#core/policy/language.ts";
import { type AgentPolicy, hashPolicy } from "#core/policy/policy.ts";
import { SIGNER_METHODS, type UnsignedUserOperation } from "#core/schemas/signer.ts";
import { ENTRY_POINT_ADDRESS, hashUserOperation, packPair } from "#core/user-operation.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { openKeyRing } from "./key-ring.ts";
import type { WalletRow } from "./store.ts";
import { withSecret } from "./wallets.ts";

const { contracts } = loadDeployment();
const TOKEN = contracts.TestUSD;
const PAYEE = getAddress("0x00000000000000000000000000000000000000aa");
const TRANSFER = parseAbi(["function transfer(address to, uint256 amount)"]);

const policy: AgentPolicy = {
  validAfter: 0,
  validUntil: Math.floor(Date.now() / 1000) + 3600,
  windowSeconds: 3600,
  gasPerWindow: 0n,
  guards: null,
  caps: [{ token: TOKEN, perTransaction: 100n, perWindow: 1_000n }],
  rules: [
    {
      effect: "allow",
      target: TOKEN,
      selector: "0xa9059cbb",
      valueMax: 0n,
      conditions: [firstArgumentIs(PAYEE)],
      proof: null,
    },
  ],
};

type TestAgent = { agentId: string; account: Address; key: Address };
let accounts = 0;
async function createAgent(given: AgentPolicy = policy): Promise<TestAgent> {
  const agentId = newId("agent");
  const account = getAddress(toHex(BigInt(Date.now()) * 1_000n + BigInt(accounts++), { size: 20 }));
  const { address: key } = await signerClient.createAgentWallet({
    agentId,
    account,
    chainId: env.CHAIN_ID,
    policy: given,
  });
  return { agentId, account, key };
}

function operationOf(
  agent: TestAgent,
  amount: bigint,
  change: Partial<UnsignedUserOperation> & { lane?: bigint } = {},
): UnsignedUserOperation {
  const { lane = 0n, ...rest } = change;
  const data = encodeFunctionData({ abi: TRANSFER, functionName: "transfer", args: [PAYEE, amount] });
  return {
    sender: agent.account,
    nonce: ((lane << 160n) | BigInt(agent.key)) << 64n,
    initCode: "0x",
    callData: encodeExecution({ key: agent.key, calls: [{ target: TOKEN, value: 0n, data }], inferenceIds: [] }),
    accountGasLimits: packPair(200_000n, 200_000n),
    preVerificationGas: 60_000n,
    gasFees: packPair(1n, 2n),
    paymasterAndData: concatHex([contracts.GasSponsor, packPair(100_000n, 100_000n)]),
    ...rest,
  };
}

const sign = (agent: TestAgent, userOperation: UnsignedUserOperation, chainId = env.CHAIN_ID) =>
  signerClient.signUserOperation({ agentId: agent.agentId, chainId, entryPoint: ENTRY_POINT_ADDRESS, userOperation });
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "signed",
    (error: DomainError) => error.code,
  );

/** A request as any local program could send it, past the typed client. */
const raw = (method: string, body: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath: env.SIGNER_SOCKET, path: `/${method}`, method: "POST" }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    });
    sent.on("error", reject);
    sent.end(body);
  });

let agent: TestAgent;
beforeAll(async () => {
  agent = await createAgent();
});
afterAll(() => pool.end());

describe("signing for an agent", () => {
  it("signs the hash it computed itself, with the agent's key", async () => {
    const operation = operationOf(agent, 10n);
    const { signature, userOperationHash, spent } = await sign(agent, operation);
    expect(userOperationHash).toBe(hashUserOperation({ ...operation, signature: "0x" }, env.CHAIN_ID));
    expect(slice(signature, 0, 21).toLowerCase()).toBe(concatHex(["0x01", agent.key]).toLowerCase());
    expect(await recoverAddress({ hash: userOperationHash, signature: slice(signature, 21) })).toBe(agent.key);
    expect(spent).toEqual([{ token: TOKEN, amount: 10n }]);
  });

  it.each([
    ["over the cap", (a: TestAgent) => operationOf(a, 101n), "POLICY_DENIED"],
    ["of another account", (a: TestAgent) => operationOf(a, 1n, { sender: PAYEE }), "SIGNER_REFUSED"],
    ["that deploys code", (a: TestAgent) => operationOf(a, 1n, { initCode: "0x01" }), "SIGNER_REFUSED"],
    ["in the owner's lanes", (a: TestAgent) => operationOf(a, 1n, { nonce: 0n }), "SIGNER_REFUSED"],
    [
      "paid by another sponsor",
      (a: TestAgent) => operationOf(a, 1n, { paymasterAndData: concatHex([PAYEE, packPair(1n, 1n)]) }),
      "SIGNER_REFUSED",
    ],
    ["without a sponsor", (a: TestAgent) => operationOf(a, 1n, { paymasterAndData: "0x" }), "SIGNER_REFUSED"],
    ["with boundless gas", (a: TestAgent) => operationOf(a, 1n, { preVerificationGas: 2n ** 64n }), "SIGNER_REFUSED"],
    ["that is no execution", (a: TestAgent) => operationOf(a, 1n, { callData: "0x8456cb59" }), "CALLDATA_INVALID"],
    [
      "with bytes after its end",
      (a: TestAgent) => operationOf(a, 1n, { callData: concatHex([operationOf(a, 1n).callData, "0x00"]) }),
      "CALLDATA_INVALID",
    ],
  ])("refuses an operation %s", async (_, make, code) => {
    expect(await codeOf(sign(agent, make(agent)))).toBe(code);
  });

  it("refuses another chain, another entry point, another agent's key and an agent it does not know", async () => {
    const other = await createAgent();
    expect(await codeOf(sign(agent, operationOf(agent, 1n), 1))).toBe("SIGNER_REFUSED");
    const input = { agentId: agent.agentId, chainId: env.CHAIN_ID, userOperation: operationOf(agent, 1n) };
    expect(await codeOf(signerClient.signUserOperation({ ...input, entryPoint: PAYEE }))).toBe("SIGNER_REFUSED");
    const foreign = operationOf(agent, 1n, { callData: operationOf(other, 1n).callData });
    expect(await codeOf(sign(agent, foreign))).toBe("SIGNER_REFUSED");
    expect(await codeOf(sign({ ...agent, agentId: "agt_unknown" }, operationOf(agent, 1n)))).toBe("SIGNER_REFUSED");
  });

  it("never exceeds the window with 200 requests at once", async () => {
    const busy = await createAgent();
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, lane) => codeOf(sign(busy, operationOf(busy, 30n, { lane: BigInt(lane) })))),
    );
    expect(results.filter((code) => code === "signed")).toHaveLength(33);
    expect(new Set(results)).toEqual(new Set(["signed", "POLICY_DENIED"]));
    expect((await signerClient.getAgentSpending({ agentId: busy.agentId })).spentInWindow).toEqual([
      { token: TOKEN, amount: 990n },
    ]);
  });

  it("judges each for itself of those who ask at the same time", async () => {
    const [one, two, paused] = await Promise.all([createAgent(), createAgent(), createAgent()]);
    await signerClient.setAgentPaused({ agentId: paused.agentId, paused: true });
    const lanes = (a: TestAgent, amounts: bigint[]) =>
      amounts.map((amount, lane) => sign(a, operationOf(a, amount, { lane: BigInt(lane) })));
    const asked = [
      ...lanes(one, [40n, 101n, 60n]),
      ...lanes(two, [100n]),
      sign(two, operationOf(two, 70n)),
      ...lanes(paused, [1n]),
      sign({ ...one, agentId: "agt_unknown" }, operationOf(one, 1n)),
      sign(one, operationOf(two, 1n)),
    ];
    expect(await Promise.all(asked.map(codeOf))).toEqual([
      "signed",
      "POLICY_DENIED",
      "signed",
      "signed",
      "signed",
      "AGENT_PAUSED",
      "SIGNER_REFUSED",
      "SIGNER_REFUSED",
    ]);
    const spentBy = async ({ agentId }: TestAgent) =>
      (await signerClient.getAgentSpending({ agentId })).spentInWindow.map(({ amount }) => amount);
    // Two operations of the second have one nonce: the larger counts.
    expect(await Promise.all([one, two, paused].map(spentBy))).toEqual([[100n], [100n], []]);
  });

  it("counts operations of one nonce once, as the chain runs one of them", async () => {
    const frugal = await createAgent();
    for (const amount of [50n, 50n, 90n, 20n]) await sign(frugal, operationOf(frugal, amount));
    expect((await signerClient.getAgentSpending({ agentId: frugal.agentId })).spentInWindow).toEqual([
      { token: TOKEN, amount: 90n },
    ]);
  });

  it("signs nothing once paused or revoked", async () => {
    const stopped = await createAgent();
    await signerClient.setAgentPaused({ agentId: stopped.agentId, paused: true });
    expect(await codeOf(sign(stopped, operationOf(stopped, 1n)))).toBe("AGENT_PAUSED");
    await signerClient.setAgentPaused({ agentId: stopped.agentId, paused: false });
    expect(await codeOf(sign(stopped, operationOf(stopped, 1n)))).toBe("signed");
    await signerClient.revokeAgentWallet({ agentId: stopped.agentId });
    expect(await codeOf(sign(stopped, operationOf(stopped, 1n)))).toBe("AGENT_REVOKED");
  });
});

/** A wallet that was altered is signed for no more, and would keep an old key-encryption key in its place. */
const forget = (ids: string[]) =>
  pool.query(
    "WITH spent AS (DELETE FROM signer_spend WHERE wallet_id = ANY($1)) DELETE FROM signer_wallet WHERE id = ANY($1)",
    [ids],
  );

describe("the policy at the signer", () => {
  it("is given once, narrowed by anybody, widened by nobody", async () => {
    const own = await createAgent();
    const again = { agentId: own.agentId, account: own.account, chainId: env.CHAIN_ID };
    expect(await signerClient.createAgentWallet({ ...again, policy })).toEqual({ address: own.key, importedAt: null });
    const wider = { ...policy, caps: [{ token: TOKEN, perTransaction: 100n, perWindow: 1_001n }] };
    expect(hashPolicy(wider)).not.toBe(hashPolicy(policy));
    expect(await codeOf(signerClient.createAgentWallet({ ...again, policy: wider }))).toBe("POLICY_WIDENING_REFUSED");
    expect(await codeOf(signerClient.narrowAgentPolicy({ agentId: own.agentId, policy: wider }))).toBe(
      "POLICY_WIDENING_REFUSED",
    );
    await signerClient.narrowAgentPolicy({
      agentId: own.agentId,
      policy: { ...policy, caps: [{ token: TOKEN, perTransaction: 5n, perWindow: 1_000n }] },
    });
    expect(await codeOf(sign(own, operationOf(own, 6n)))).toBe("POLICY_DENIED");
  });

  it("is not believed when the database was written to behind the signer's back", async () => {
    const victim = await createAgent();
    const rich = await createAgent({
      ...policy,
      caps: [{ token: TOKEN, perTransaction: 1_000n, perWindow: 1_000n }],
    });
    const [victimId, richId] = [`agent:${victim.agentId}`, `agent:${rich.agentId}`];
    await pool.query(
      `UPDATE signer_wallet SET grant_text = replace(grant_text, '"perTransaction":"100"', '"perTransaction":"999"') WHERE id = $1`,
      [victimId],
    );
    expect(await codeOf(sign(victim, operationOf(victim, 500n)))).toBe("SIGNER_RECORD_ALTERED");
    await pool.query(
      "UPDATE signer_wallet v SET grant_text = r.grant_text, grant_mac = r.grant_mac FROM signer_wallet r WHERE v.id = $1 AND r.id = $2",
      [victimId, richId],
    );
    expect(await codeOf(sign(victim, operationOf(victim, 500n)))).toBe("SIGNER_RECORD_ALTERED");
    await forget([victimId]);
  });

  it("does not open one wallet's key under another wallet's policy", async () => {
    const [poor, rich] = [await createAgent(), await createAgent()];
    await pool.query(
      "UPDATE signer_wallet p SET wrapped_data_key = r.wrapped_data_key, encrypted_key = r.encrypted_key FROM signer_wallet r WHERE p.id = $1 AND r.id = $2",
      [`agent:${poor.agentId}`, `agent:${rich.agentId}`],
    );
    expect(await codeOf(sign(poor, operationOf(poor, 1n)))).toBe("SIGNER_RECORD_ALTERED");
    await forget([`agent:${poor.agentId}`]);
  });
});

describe("signing for the operator", () => {
  const withdraw = encodeFunctionData({
    abi: vaultAbi,
    functionName: "withdraw",
    args: [toHex(1, { size: 32 }), toHex(2, { size: 32 }), PAYEE, 1n],
  });
  const looserLimits = { withdrawalCap: 2n ** 127n, delayThreshold: 2n ** 127n, withdrawalDelay: 1 };
  const handleOps = (beneficiary: Address) =>
    encodeFunctionData({
      abi: entryPointAbi,
      functionName: "handleOps",
      args: [[{ ...operationOf(agent, 1n), signature: "0x" }], beneficiary],
    });
  const transaction = {
    chainId: env.CHAIN_ID,
    nonce: 0,
    to: contracts.Vault,
    data: withdraw,
    value: 0n,
    gas: 100_000n,
    maxFeePerGas: 2n,
    maxPriorityFeePerGas: 1n,
  };
  const signed = (change: Partial<typeof transaction>) =>
    codeOf(signerClient.signOperatorTransaction({ transaction: { ...transaction, ...change } }));

  it("signs what the platform does", async () => {
    const { address } = await signerClient.getOperator({});
    expect(await signed({})).toBe("signed");
    expect(await signed({ to: ENTRY_POINT_ADDRESS, data: handleOps(address) })).toBe("signed");
    expect(await signed({ to: agent.account, data: "0x8456cb59" })).toBe("signed");
  });

  it("refuses everything else", async () => {
    const refused = await Promise.all([
      signed({ to: PAYEE, data: "0x" }),
      signed({ to: PAYEE, data: "0x8456cb59" }),
      signed({ value: 1n }),
      signed({ chainId: 1 }),
      signed({ data: encodeFunctionData({ abi: vaultAbi, functionName: "setLimits", args: [looserLimits] }) }),
      signed({ to: TOKEN, data: encodeFunctionData({ abi: TRANSFER, functionName: "transfer", args: [PAYEE, 1n] }) }),
      signed({ to: ENTRY_POINT_ADDRESS, data: handleOps(PAYEE) }),
      signed({ gas: 2n ** 60n }),
    ]);
    expect(new Set(refused)).toEqual(new Set(["SIGNER_REFUSED"]));
  });
});

describe("the signer's door", () => {
  it.each([
    "signHash",
    "signMessage",
    "signTypedData",
    "signAuthorization",
    "exportKey",
    "eth_sign",
    "__proto__",
    "constructor",
  ])("has no method %s", async (method) => {
    expect(JSON.parse(await raw(method, "{}"))).toMatchObject({ ok: false, error: { code: "NOT_FOUND" } });
  });

  it.each(
    Object.keys(SIGNER_METHODS).filter(
      (name) => !["health", "getOperator", "getReceiptKey", "getVoucherKey"].includes(name),
    ),
  )("does nothing on %s without its fields", async (method) => {
    expect(JSON.parse(await raw(method, "{}"))).toMatchObject({ ok: false, error: { code: "VALIDATION_FAILED" } });
    expect(JSON.parse(await raw(method, "{"))).toMatchObject({ ok: false, error: { code: "BAD_REQUEST" } });
  });

  it("signs a receipt's digest with a key that verifies it", async () => {
    const digest: Hex = `0x${"5a".repeat(32)}`;
    const { signature, publicKey } = await signerClient.signReceipt({ digest });
    const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), hexToBytes(publicKey)]);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    expect(verify(null, hexToBytes(digest), key, hexToBytes(signature))).toBe(true);
  });

  it("never shows a key: not in an answer, not in the database, not in the log", async () => {
    const { rows } = await pool.query<WalletRow>("SELECT * FROM signer_wallet WHERE id = $1", [
      `agent:${agent.agentId}`,
    ]);
    const [wallet] = rows;
    if (!wallet) throw new Error("The wallet is not there.");
    const keys = await openKeyRing(env.CONVERGE_HOME);
    const secret = await withSecret(keys, wallet, (bytes) => Buffer.from(bytes).toString("hex"));
    const answers = await Promise.all([
      raw("createAgentWallet", JSON.stringify({ agentId: agent.agentId })),
      raw("getAgentSpending", JSON.stringify({ agentId: agent.agentId })),
      raw("getOperator", "{}"),
      readFile(join(env.CONVERGE_HOME, "signer.log"), "utf8"),
    ]);
    const everything = [
      ...answers,
      JSON.stringify(await sign(agent, operationOf(agent, 1n, { lane: 9n })), (_, value) => String(value)),
    ];
    expect(secret).toHaveLength(64);
    for (const text of everything) expect(text.toLowerCase()).not.toContain(secret);
    for (const column of [wallet.encrypted_key, wallet.wrapped_data_key])
      expect(column.toString("hex")).not.toContain(secret);
  });
});
