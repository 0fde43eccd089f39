import { type Hex, type TransactionReceipt, TransactionReceiptNotFoundError } from "viem";
import { DomainError } from "#core/errors.ts";
import { env } from "#server/env.ts";
import { log } from "#server/log.ts";
import { checkChainId, checkNode } from "./check-node.ts";
import { publicClient } from "./client.ts";
import { currentFees, type Fees, raiseFees } from "./fees.ts";
import { lastAppliedBlock } from "./index-chain.ts";
import {
  type Attempt,
  assignNonce,
  giveUp,
  listAttempts,
  listQueued,
  listSending,
  type OutboxRow,
  postpone,
  recordAttempt,
  reprice,
  requeue,
  type SendingRow,
  settle,
  touchSent,
} from "./outbox-store.ts";
import { RETRY_DELAYS_MS } from "./retry-delays.ts";
import { describeRevert, findRevert } from "./reverts.ts";
import { signerClient } from "./signer-client.ts";

export type OutboxTiming = { rebroadcastAfterMs: number; replaceAfterMs: number };

const TIMING: OutboxTiming = env.isDevelopmentChain
  ? { rebroadcastAfterMs: 3_000, replaceAfterMs: 15_000 }
  : { rebroadcastAfterMs: 30_000, replaceAfterMs: 90_000 };
const BATCH = 50;

/** One pass over the outbox: settles what arrived, sends what waits. Says whether something is still under way. */
export async function sendOutbox(timing: OutboxTiming = TIMING): Promise<{ pending: boolean }> {
  const { address: sender } = await signerClient.getOperator({});
  const isIdle = (await listQueued(1)).length === 0 && (await listSending(1)).length === 0;
  if (isIdle) return { pending: false };
  const head = await checkNode(await lastAppliedBlock());
  // One transaction in trouble does not keep the others: the first trouble is reported after all had their turn.
  const troubles: unknown[] = [];
  const attempt = <Result>(work: Promise<Result>): Promise<Result | null> =>
    work.catch((error: unknown) => {
      troubles.push(error);
      return null;
    });
  for (const row of await listQueued(BATCH)) await attempt(sendQueued(row, sender));

  const sending = await listSending(BATCH);
  let open = 0;
  for (const row of sending) {
    if (!(await attempt(settleSending(row, head, sender, timing)))) open++;
  }
  if (troubles.length > 0) throw troubles[0];
  return { pending: open > 0 || (await listQueued(1)).length > 0 };
}

async function sendQueued(row: OutboxRow, sender: Hex): Promise<void> {
  let gasLimit: bigint;
  try {
    gasLimit = await gasFor(row, sender);
  } catch (error) {
    return tryLater(row, error);
  }
  const fees = await currentFees();
  const refusal = await signerRefusal(row, gasLimit, fees);
  if (refusal) return giveUp(row, refusal);
  // Gas and nonce of another chain would make a transaction that ours never takes.
  const [chainNonce] = await Promise.all([
    publicClient().getTransactionCount({ address: sender, blockTag: "pending" }),
    checkChainId(),
  ]);
  const assigned = await assignNonce({
    id: row.id,
    sender,
    chainNonce,
    gasLimit,
    maxFee: fees.maxFeePerGas,
    priorityFee: fees.maxPriorityFeePerGas,
  });
  if (assigned) await broadcast(await signAttempt(assigned));
}

/**
 * What cannot be sent is tried again, and given up in bounded time: a root waits for everything ordered before it.
 *
 * What a refused transaction depends on may still be on its way, so a refusal counts as final only when it lasts. An error
 * that is no refusal counts as this transaction's own only when the node answers otherwise; a node that does not is the
 * trouble of all, and everything waits for a better one.
 */
async function tryLater(row: OutboxRow, error: unknown): Promise<void> {
  const revert = findRevert(error);
  if (!revert) await currentFees();
  const counter = revert ? "tries" : "troubles";
  const reason = revert ? describeRevert(revert) : firstLine(error);
  const delayMs = RETRY_DELAYS_MS[counter][row[counter]];
  if (delayMs === undefined) await giveUp(row, reason);
  else await postpone(row, counter, reason, delayMs);
  const facts = { transaction: row.id, purpose: row.purpose, reason, [counter]: row[counter] + 1 };
  log.warn(facts, revert ? "a transaction would revert" : "a transaction cannot be estimated");
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";

/** Asked before a nonce is given: a nonce that nobody signs for would hold up all that follow. */
async function signerRefusal(row: OutboxRow, gas: bigint, fees: Fees): Promise<string | null> {
  try {
    await signerClient.evaluateOperatorTransaction({
      transaction: { chainId: env.CHAIN_ID, nonce: 0, to: row.to, data: row.data, value: 0n, gas, ...fees },
    });
    return null;
  } catch (error) {
    const isRefused =
      error instanceof DomainError && (error.code === "SIGNER_REFUSED" || error.code === "CALLDATA_INVALID");
    if (!isRefused) throw error;
    log.error(
      { transaction: row.id, purpose: row.purpose, reason: error.message },
      "the signer does not sign a transaction",
    );
    return error.message;
  }
}

async function gasFor(row: OutboxRow, sender: Hex): Promise<bigint> {
  const call = { account: sender, to: row.to, data: row.data } as const;
  if (row.gas !== null) {
    await publicClient().call({ ...call, gas: row.gas, blockTag: "pending" });
    return row.gas;
  }
  const estimate = await publicClient().estimateGas({ ...call, blockTag: "pending" });
  return (estimate * 5n) / 4n + 10_000n;
}

/** The bytes follow from the row alone, so two workers or a second life of one make the same transaction. */
async function signAttempt(row: SendingRow): Promise<Hex> {
  const { hash, raw } = await signerClient.signOperatorTransaction({
    transaction: {
      chainId: env.CHAIN_ID,
      nonce: row.nonce,
      to: row.to,
      data: row.data,
      value: 0n,
      gas: row.gasLimit,
      maxFeePerGas: row.maxFee,
      maxPriorityFeePerGas: row.priorityFee,
    },
  });
  await recordAttempt(row.id, { hash, raw });
  return raw;
}

/** Sends recorded bytes. A node that has them already, or has mined them, says so with an error that is no error here. */
async function broadcast(raw: Hex): Promise<void> {
  try {
    await publicClient().sendRawTransaction({ serializedTransaction: raw });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!/already known|already imported|nonce too low|already in mempool/i.test(message)) throw error;
  }
}

async function findReceipt(hash: Hex): Promise<TransactionReceipt | null> {
  try {
    return await publicClient().getTransactionReceipt({ hash });
  } catch (error) {
    if (error instanceof TransactionReceiptNotFoundError) return null;
    throw error;
  }
}

/** Looks after one sent transaction; says whether it is settled. */
async function settleSending(row: SendingRow, head: bigint, sender: Hex, timing: OutboxTiming): Promise<boolean> {
  const attempts = await listAttempts(row.id);
  const [latest] = attempts;
  if (!latest) {
    // A life ended between the nonce and the signature: the same bytes are made now.
    await broadcast(await signAttempt(row));
    return false;
  }
  const safeHead = head - BigInt(env.CHAIN_CONFIRMATIONS - 1);
  for (const { hash } of attempts) {
    const receipt = await findReceipt(hash);
    if (!receipt) continue;
    if (receipt.blockNumber > safeHead) return false;
    const { blockNumber, blockHash, gasUsed, effectiveGasPrice: gasPrice } = receipt;
    const reason = receipt.status === "success" ? null : await revertReason(row, sender, blockNumber);
    await settle(row, { hash, blockNumber, blockHash, gasUsed, gasPrice }, reason);
    return true;
  }
  await nudge(row, latest, sender, safeHead, timing);
  return false;
}

/** A transaction that no block has: sends it again, or at a higher price, or gives it another nonce. */
async function nudge(
  row: SendingRow,
  latest: Attempt,
  sender: Hex,
  safeHead: bigint,
  timing: OutboxTiming,
): Promise<void> {
  const now = Date.now();
  if (now - row.sentAt.getTime() < timing.rebroadcastAfterMs) return;
  if (
    safeHead > 0n &&
    (await publicClient().getTransactionCount({ address: sender, blockNumber: safeHead })) > row.nonce
  ) {
    log.warn({ transaction: row.id, nonce: row.nonce }, "a nonce was used by another transaction; ordering again");
    return requeue(row);
  }
  const isStuck = now - latest.createdAt.getTime() >= timing.replaceAfterMs;
  const sentFor = { maxFeePerGas: row.maxFee, maxPriorityFeePerGas: row.priorityFee };
  const fees = isStuck ? raiseFees(sentFor, await currentFees()) : null;
  if (fees) {
    const raised = await reprice(row, fees.maxFeePerGas, fees.maxPriorityFeePerGas);
    if (raised) await broadcast(await signAttempt(raised));
  } else {
    await broadcast(latest.raw);
  }
  await touchSent(row.id);
}

async function revertReason(row: SendingRow, sender: Hex, blockNumber: bigint): Promise<string> {
  try {
    await publicClient().call({
      account: sender,
      to: row.to,
      data: row.data,
      gas: row.gasLimit,
      blockNumber: blockNumber - 1n,
    });
    return "Reverted";
  } catch (error) {
    const revert = findRevert(error);
    return revert ? describeRevert(revert) : "Reverted";
  }
}
