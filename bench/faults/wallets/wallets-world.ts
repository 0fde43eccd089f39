import { request } from "node:http";
import { type Address, type Hex, parseAbi } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { encodeFunctionData, getAddress, toHex } from "viem/utils";
import { newId } from "#core/ids.ts";
import { sealForImport } from "#core/key-import.ts";
import { encodeExecution } from "#core/policy/execution.ts";
import { firstArgumentIs } from "#core/policy/language.ts";
import type { AgentPolicy } from "#core/policy/policy.ts";
import { readPrivateKey } from "#core/private-key.ts";
import type { UnsignedUserOperation } from "#core/schemas/signer.ts";
import { packPair } from "#core/user-operation.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { env } from "#server/env.ts";

const TRANSFER = parseAbi(["function transfer(address to, uint256 amount)"]);
export const PAYEE = getAddress("0x00000000000000000000000000000000000000ac");

export type PaperAgent = { agentId: string; account: Address; key: Address };
let accounts = 0;

export const policyOf = (perTransaction: bigint, perWindow: bigint, windowSeconds = 86_400): AgentPolicy => ({
  validAfter: 0,
  validUntil: Math.floor(Date.now() / 1000) + 30 * 86_400,
  windowSeconds,
  gasPerWindow: 0n,
  guards: null,
  caps: [{ token: loadDeployment().contracts.TestUSD, perTransaction, perWindow }],
  rules: [
    {
      effect: "allow",
      target: loadDeployment().contracts.TestUSD,
      selector: "0xa9059cbb",
      valueMax: 0n,
      conditions: [firstArgumentIs(PAYEE)],
      proof: null,
    },
  ],
});

function nameAgent(): { agentId: string; account: Address; chainId: number } {
  accounts += 1;
  const account = getAddress(toHex(BigInt(Date.now()) * 1_000_000n + BigInt(accounts), { size: 20 }));
  return { agentId: newId("agent"), account, chainId: env.CHAIN_ID };
}

/** An agent that the signer knows, and whose account is on no chain: what is measured here is the signer. */
export async function paperAgent(policy: AgentPolicy): Promise<PaperAgent> {
  const { agentId, account, chainId } = nameAgent();
  const { address: key } = await signerClient.createAgentWallet({ agentId, account, chainId, policy });
  return { agentId, account, key };
}

/** The same with a key from outside, sealed to the signer as a page seals it. */
export async function importedAgent(policy: AgentPolicy): Promise<PaperAgent> {
  const { agentId, account, chainId } = nameAgent();
  const slot = { agentId, account, chainId, ...(await signerClient.getImportKey({ agentId, account, chainId })) };
  const { agentId: _, ...imported } = await sealForImport(readPrivateKey(generatePrivateKey()), slot);
  const { address: key } = await signerClient.createAgentWallet({ agentId, account, chainId, policy, imported });
  return { agentId, account, key };
}

/** One payment of the agent's, under a nonce of its own, unsigned. */
export const paymentOf = ({ account, key }: PaperAgent, amount: bigint, lane: number): UnsignedUserOperation => ({
  sender: account,
  nonce: (BigInt(lane) << 224n) | (BigInt(key) << 64n),
  initCode: "0x",
  callData: encodeExecution({
    key,
    calls: [
      {
        target: loadDeployment().contracts.TestUSD,
        value: 0n,
        data: encodeFunctionData({ abi: TRANSFER, functionName: "transfer", args: [PAYEE, amount] }),
      },
    ],
    inferenceIds: [],
  }),
  accountGasLimits: packPair(100_000n, 100_000n),
  preVerificationGas: 50_000n,
  gasFees: packPair(1n, 1n),
  paymasterAndData: `${loadDeployment().contracts.GasSponsor}${packPair(100_000n, 50_000n).slice(2)}` as Hex,
});

/** Asks for the signature over one payment, with these approvals of it. */
export const signPayment = (
  agent: PaperAgent,
  amount: bigint,
  lane: number,
  approvals: { owner: Hex; signature: Hex }[] = [],
) =>
  signerClient.signUserOperation({
    agentId: agent.agentId,
    chainId: env.CHAIN_ID,
    entryPoint: loadDeployment().contracts.EntryPoint,
    userOperation: paymentOf(agent, amount, lane),
    approvals,
  });

/** What became of a promise: its value, or the code it was refused with. */
export const outcomeOf = async <Value>(work: Promise<Value>): Promise<Value | string> =>
  work.catch((error: { code?: string; message?: string }) => String(error.code ?? error.message));

/** A request to the signer's socket as anybody makes it who reaches it. */
export const raw = (method: string, body: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: env.SIGNER_SOCKET,
        path: `/${method}`,
        method: "POST",
        headers: { "content-type": "application/json" },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          text += piece;
        });
        response.once("end", () => resolve(text));
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
