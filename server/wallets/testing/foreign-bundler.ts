import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { createTestClient, type Hex, http, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { size, slice, toHex } from "viem/utils";
import { ENTRY_POINT_ADDRESS, type PackedUserOperation, unpackPair } from "#core/user-operation.ts";
import { env } from "#server/env.ts";

/** What a bundler answers that refuses. */
export class BundlerRefusal extends Error {
  override readonly name = "BundlerRefusal";
  readonly code: number;
  constructor({ code, message }: { code: number; message: string }) {
    super(message);
    this.code = code;
  }
}

export type ForeignBundler = {
  ask<Result>(method: string, params: readonly unknown[]): Promise<Result>;
  stop(): Promise<void>;
};

/** An operation as ERC-7769 has it on the wire. */
export function toWire(operation: PackedUserOperation) {
  const { sender, nonce, initCode, callData, accountGasLimits, preVerificationGas, gasFees, signature } = operation;
  const { paymasterAndData } = operation;
  const limits = unpackPair(accountGasLimits);
  const fees = unpackPair(gasFees);
  const sponsor = unpackPair(slice(paymasterAndData, 20, 52));
  return {
    sender,
    nonce: toHex(nonce),
    ...(size(initCode) > 0 ? { factory: slice(initCode, 0, 20), factoryData: slice(initCode, 20) } : {}),
    callData,
    verificationGasLimit: toHex(limits.high),
    callGasLimit: toHex(limits.low),
    preVerificationGas: toHex(preVerificationGas),
    maxPriorityFeePerGas: toHex(fees.high),
    maxFeePerGas: toHex(fees.low),
    paymaster: slice(paymasterAndData, 0, 20),
    paymasterVerificationGasLimit: toHex(sponsor.high),
    paymasterPostOpGasLimit: toHex(sponsor.low),
    paymasterData: slice(paymasterAndData, 52),
    signature,
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function fundedKey(): Promise<Hex> {
  const key = generatePrivateKey();
  const chain = createTestClient({ mode: "anvil", transport: http(env.CHAIN_RPC_URL) });
  await chain.setBalance({ address: privateKeyToAccount(key).address, value: parseEther("100") });
  return key;
}

async function ask<Result>(url: string, method: string, params: readonly unknown[]): Promise<Result> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const answer = (await response.json()) as { result?: Result; error?: { code: number; message: string } };
  if (answer.error) throw new BundlerRefusal(answer.error);
  return answer.result as Result;
}

const START_MS_MAX = 60_000;

/**
 * Starts Alto, Pimlico's bundler, against the test chain with keys of its own. Its safe mode, which judges by ERC-7562, is
 * off: version 0.0.20 refuses every operation there of an entry point after 0.6, because it waits for a revert of its
 * simulation contract that has returned instead. `validation-rules.ts` judges in its place.
 */
export async function startForeignBundler(): Promise<ForeignBundler> {
  const [port, executor, utility] = await Promise.all([freePort(), fundedKey(), fundedKey()]);
  const program = new URL("./cli/alto.js", import.meta.resolve("@pimlico/alto"));
  const settings = {
    entrypoints: ENTRY_POINT_ADDRESS,
    "rpc-url": env.CHAIN_RPC_URL,
    port: String(port),
    "safe-mode": "false",
    "executor-private-keys": executor,
    "utility-private-key": utility,
    "log-level": "warn",
    // One transaction may use 2^24 since Osaka.
    "max-gas-per-bundle": "15000000",
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(process.execPath, [program.pathname, "run", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-400_000);
    });
  const url = `http://127.0.0.1:${port}/rpc`;
  const deadline = Date.now() + START_MS_MAX;
  const stop = () =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null) return resolve();
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    });
  for (;;) {
    const isUp = await ask<Hex>(url, "eth_chainId", []).then(
      () => true,
      () => false,
    );
    if (isUp) return { ask: (method, params) => ask(url, method, params), stop };
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`The bundler did not start:\n${output.slice(-4_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
