import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createTestClient, type Hex, http, publicActions } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { vaultAbi } from "#core/generated/abis.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { requestWithdrawal } from "#server/wallets/request-withdrawal.ts";
import {
  createPerson,
  depositFor,
  followUntilQuiet,
  knowAddress,
  type Person,
} from "#server/wallets/testing/wallet-world.ts";
import { NODE_FLAGS, root } from "../../../scripts/lib/services.ts";

export const anvil = createTestClient({ mode: "anvil", transport: http(env.CHAIN_RPC_URL) }).extend(publicActions);
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export const PAYOUT = 1_000n;

export type Payout = { id: string; chainId: Hex };
/** Somebody with money and an address to be paid at. */
export type Payee = { person: Person; to: Hex };

export async function createPayee(funds = 1_000_000n): Promise<Payee> {
  const person = await createPerson();
  const to = privateKeyToAddress(generatePrivateKey());
  await knowAddress(person, to);
  await depositFor(userAccount(person.actor.userId), funds);
  await followUntilQuiet();
  return { person, to };
}

export async function orderPayout({ person, to }: Payee): Promise<Payout> {
  const { id, chainId } = await requestWithdrawal(person.actor, { to, units: PAYOUT.toString() });
  return { id, chainId: chainId as Hex };
}

/** How often the Vault paid each of these. */
export async function timesPaid(payouts: readonly Payout[]): Promise<number[]> {
  const events = await publicClient().getContractEvents({
    address: loadDeployment().contracts.Vault,
    abi: vaultAbi,
    eventName: "Withdrawn",
    fromBlock: 0n,
    strict: true,
  });
  return payouts.map(({ chainId }) => events.filter(({ args }) => args.withdrawalId === chainId).length);
}

export const operatorNonce = async (): Promise<number> => {
  const { address } = await signerClient.getOperator({});
  return publicClient().getTransactionCount({ address });
};

export const countPaid = (payouts: readonly Payout[]) =>
  db.withdrawal.count({ where: { id: { in: payouts.map(({ id }) => id) }, status: "paid" } });

/** Waits until the platform says that all are paid; answers how long it took. */
export async function untilPaid(payouts: readonly Payout[], limitMs = 90_000): Promise<number> {
  const startedAt = performance.now();
  while ((await countPaid(payouts)) < payouts.length) {
    if (performance.now() - startedAt > limitMs) return Number.POSITIVE_INFINITY;
    await pause(50);
  }
  return performance.now() - startedAt;
}

/** The worker as it runs in production, or a smaller program of this folder, with its own way to the chain. */
export function startWorker(rpcUrl: string, program = "server/jobs/main.ts"): ChildProcess {
  return spawn(process.execPath, [...NODE_FLAGS, join(root, program)], {
    cwd: root,
    env: { ...process.env, CHAIN_RPC_URL: rpcUrl, CONVERGE_PROCESS: "worker" },
    stdio: ["ignore", "inherit", "inherit"],
  });
}

export async function endWorker(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  await ended;
}

/** Lets what was postponed be tried at once. */
export const hurry = () => pool.query("UPDATE chain_transaction SET not_before = now() WHERE status = 'queued'");
