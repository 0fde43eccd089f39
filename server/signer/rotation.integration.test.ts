import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { type Hex, parseAbi } from "viem";
import { encodeFunctionData, getAddress, toHex } from "viem/utils";
import { afterAll, describe, expect, it } from "vitest";
import { newId } from "#core/ids.ts";
import { encodeExecution } from "#core/policy/execution.ts";
import { firstArgumentIs } from "#core/policy/language.ts";
import { packPair } from "#core/user-operation.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { createKeyFile } from "./key-encryption.ts";
import { keyFolder, nextPath } from "./key-ring.ts";

const { contracts } = loadDeployment();
const PAYEE = getAddress("0x00000000000000000000000000000000000000ab");
const TRANSFER = parseAbi(["function transfer(address to, uint256 amount)"]);
const AGENTS = 120;

async function createAgent(n: number) {
  const agentId = newId("agent");
  const account = getAddress(toHex(BigInt(Date.now()) * 10_000n + BigInt(n), { size: 20 }));
  const policy = {
    validAfter: 0,
    validUntil: Math.floor(Date.now() / 1000) + 3600,
    windowSeconds: 3600,
    gasPerWindow: 0n,
    guards: null,
    caps: [{ token: contracts.TestUSD, perTransaction: 100n, perWindow: 1_000_000n }],
    rules: [
      {
        effect: "allow" as const,
        target: contracts.TestUSD,
        selector: "0xa9059cbb" as Hex,
        valueMax: 0n,
        conditions: [firstArgumentIs(PAYEE)],
        proof: null,
      },
    ],
  };
  const { address: key } = await signerClient.createAgentWallet({ agentId, account, chainId: env.CHAIN_ID, policy });
  return { agentId, account, key };
}

type Agent = Awaited<ReturnType<typeof createAgent>>;

const sign = ({ agentId, account, key }: Agent, round: number) =>
  signerClient.signUserOperation({
    agentId,
    chainId: env.CHAIN_ID,
    entryPoint: contracts.EntryPoint,
    userOperation: {
      sender: account,
      nonce: (BigInt(key) << 64n) | BigInt(round),
      initCode: "0x",
      callData: encodeExecution({
        key,
        calls: [
          {
            target: contracts.TestUSD,
            value: 0n,
            data: encodeFunctionData({ abi: TRANSFER, functionName: "transfer", args: [PAYEE, 1n] }),
          },
        ],
        inferenceIds: [],
      }),
      accountGasLimits: packPair(100_000n, 100_000n),
      preVerificationGas: 50_000n,
      gasFees: packPair(1n, 1n),
      paymasterAndData: `${contracts.GasSponsor}${packPair(100_000n, 50_000n).slice(2)}` as Hex,
    },
  });

afterAll(() => pool.end());

describe("the key-encryption key", () => {
  it("is replaced under all wallets while they sign, and put aside", async () => {
    const agents = await Promise.all(Array.from({ length: AGENTS }, (_, n) => createAgent(n)));
    const before = await signerClient.health({});
    const addresses = [await signerClient.getOperator({}), await signerClient.getVoucherKey({})];
    await createKeyFile(nextPath(env.CONVERGE_HOME));
    let signed = 0;
    let round = 0;
    const deadline = Date.now() + 60_000;
    for (;;) {
      await Promise.all(agents.map((agent) => sign(agent, round)));
      signed += agents.length;
      round += 1;
      const { keyId, walletsToRotate } = await signerClient.health({});
      // Others alter wallets behind the signer's back meanwhile and take them away again: until then it waits.
      if (keyId !== before.keyId && walletsToRotate === 0 && !existsSync(nextPath(env.CONVERGE_HOME))) break;
      if (Date.now() > deadline) throw new Error(`${walletsToRotate} wallets are still under the old key.`);
    }
    expect(signed).toBeGreaterThanOrEqual(AGENTS);
    await Promise.all(agents.map((agent) => sign(agent, round + 1)));
    expect([await signerClient.getOperator({}), await signerClient.getVoucherKey({})]).toEqual(addresses);
    expect(await readdir(keyFolder(env.CONVERGE_HOME))).toContain(`kek.retired-${before.keyId}`);
    const { rows } = await pool.query("SELECT DISTINCT key_id FROM signer_wallet WHERE agent_id = ANY($1)", [
      agents.map(({ agentId }) => agentId),
    ]);
    expect(rows).toEqual([{ key_id: (await signerClient.health({})).keyId }]);
  }, 90_000);
});
