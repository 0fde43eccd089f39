import type { Hex } from "viem";
import { vaultAbi } from "#core/generated/abis.ts";
import { toWire, usd } from "#core/money.ts";
import type { DepositView } from "#core/schemas/withdrawal.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { lastAppliedBlock } from "#server/chain/index-chain.ts";
import { pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { log } from "#server/log.ts";
import { getDepositReference } from "./deposit-accounts.ts";

const CREDITED_MAX = 20;
/** An indexer that is this far behind is in trouble, and the node must not be asked for the whole chain. */
const PENDING_BLOCKS_MAX = 2_000n;

/**
 * A person's last deposits. What is pending is read from the chain itself each time, above the last applied block: a
 * reorganisation that takes a deposit back takes it from this list too, and what was credited is in the ledger.
 */
export async function listDeposits(actor: Actor): Promise<{ data: DepositView[]; isChainAnswering: boolean }> {
  const { reference } = await getDepositReference(actor);
  const ref = reference.toLowerCase() as Hex;
  // Pending first: what is credited while this reads is then in both lists, and never in none.
  const pending = await readPending(ref).catch((error: unknown) => {
    log.warn({ event: "deposits.pending-unknown", err: error }, "the chain does not say what is pending");
    return null;
  });
  const credited = await readCredited(ref);
  const known = new Set(credited.map(placeOf));
  return {
    data: [...(pending ?? []).filter((deposit) => !known.has(placeOf(deposit))), ...credited],
    isChainAnswering: pending !== null,
  };
}

const placeOf = ({ transactionHash, logIndex }: DepositView) => `${transactionHash}:${logIndex}`;

async function readPending(ref: Hex): Promise<DepositView[]> {
  const client = publicClient();
  const { contracts, deployedAtBlock } = loadDeployment();
  const applied = (await lastAppliedBlock()) ?? deployedAtBlock;
  const head = await client.getBlockNumber();
  if (head <= applied) return [];
  const fromBlock = head - applied > PENDING_BLOCKS_MAX ? head - PENDING_BLOCKS_MAX : applied + 1n;
  const events = await client.getContractEvents({
    address: contracts.Vault,
    abi: vaultAbi,
    eventName: "Deposited",
    args: { account: ref },
    fromBlock,
    toBlock: head,
    strict: true,
  });
  const found = await Promise.all(
    events.map(async ({ args, transactionHash, logIndex, blockNumber }): Promise<DepositView> => {
      const { timestamp } = await client.getBlock({ blockNumber });
      return {
        transactionHash,
        logIndex,
        from: args.from,
        amount: toWire(usd(args.amount)),
        status: "pending",
        confirmations: Math.min(Number(head - blockNumber) + 1, env.CHAIN_CONFIRMATIONS),
        needed: env.CHAIN_CONFIRMATIONS,
        at: new Date(Number(timestamp) * 1000).toISOString(),
      };
    }),
  );
  return found.reverse();
}

async function readCredited(ref: Hex): Promise<DepositView[]> {
  const rows = await sqlOf(pool).query<{
    transactionHash: string;
    logIndex: number;
    from: string;
    amount: bigint;
    at: Date;
  }>(
    `SELECT transaction_hash AS "transactionHash", log_index AS "logIndex", "from", amount, at FROM deposit
      WHERE ref = $1 ORDER BY block_number DESC, log_index DESC LIMIT ${CREDITED_MAX}`,
    [ref],
  );
  return rows.map(({ amount, at, ...row }) => ({
    ...row,
    amount: toWire(usd(amount)),
    status: "credited",
    confirmations: env.CHAIN_CONFIRMATIONS,
    needed: env.CHAIN_CONFIRMATIONS,
    at: at.toISOString(),
  }));
}
