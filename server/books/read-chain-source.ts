import type { Hex } from "viem";
import { isAddressEqual, parseEventLogs } from "viem/utils";
import type { AdjustmentSource } from "#core/adjustment.ts";
import { DomainError } from "#core/errors.ts";
import { vaultAbi } from "#core/generated/abis.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { pool, sqlOf } from "#server/db.ts";

/** What the Vault says of a log: the amount it moved, and for a payment its id. Nothing there is an amount of zero. */
export type ChainFact = { amount: bigint; withdrawalId: Hex | null };

const NOTHING: ChainFact = { amount: 0n, withdrawalId: null };

/**
 * Reads the deposit or the payment that an adjustment explains, from the chain itself. Blocks that the indexer has not
 * applied yet are refused: it would book the same event once more.
 */
export async function readChainSource(source: AdjustmentSource): Promise<ChainFact> {
  const { Vault } = loadDeployment().contracts;
  const hash = source.transactionHash as Hex;
  const receipt = await publicClient()
    .getTransactionReceipt({ hash })
    .catch((error: unknown) => {
      if (error instanceof Error && error.name === "TransactionReceiptNotFoundError") return null;
      throw new DomainError("CHAIN_UNAVAILABLE", {}, { cause: error });
    });
  if (!receipt) return NOTHING;
  const [cursor] = await sqlOf(pool).query<{ block: bigint }>(
    "SELECT block_number AS block FROM chain_cursor WHERE name = 'main'",
  );
  if (!cursor || receipt.blockNumber > cursor.block)
    throw new DomainError("ADJUSTMENT_REFUSED", {
      param: "source",
      message: "This transaction is not deep enough in the chain yet: it may still be booked by itself.",
    });
  const eventName = source.kind === "deposit" ? "Deposited" : "Withdrawn";
  const logs = receipt.logs.filter((log) => log.logIndex === source.logIndex && isAddressEqual(log.address, Vault));
  const [event] = parseEventLogs({ abi: vaultAbi, logs, eventName, strict: true });
  if (!event) return NOTHING;
  const withdrawalId = event.eventName === "Withdrawn" ? (event.args.withdrawalId.toLowerCase() as Hex) : null;
  return { amount: event.args.amount, withdrawalId };
}
