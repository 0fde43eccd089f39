import { env } from "#server/env.ts";
import { publicClient } from "./client.ts";

export type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint };

/** The highest price a transaction is first sent at, and the highest it is raised to: beyond that the signer refuses. */
const FIRST_FEE_MAX = 100_000_000_000n;
const RAISED_FEE_MAX = 500_000_000_000n;
const PRIORITY_FEE = env.isDevelopmentChain ? 1_000_000n : 1_000_000_000n;

const atMost = (value: bigint, limit: bigint): bigint => (value < limit ? value : limit);

/** A price that stays good while the base fee doubles. */
export async function currentFees(): Promise<Fees> {
  const { baseFeePerGas } = await publicClient().getBlock({ blockTag: "latest" });
  const maxPriorityFeePerGas = PRIORITY_FEE;
  return {
    maxPriorityFeePerGas,
    maxFeePerGas: atMost((baseFeePerGas ?? 0n) * 2n + maxPriorityFeePerGas, FIRST_FEE_MAX),
  };
}

/**
 * The price of a replacement, or null when it would be too high: nodes want at least a tenth more, we give an eighth,
 * and never less than today's price.
 */
export function raiseFees(previous: Fees, current: Fees): Fees | null {
  const raise = (before: bigint, now: bigint): bigint => {
    const raised = before + before / 8n + 1n;
    return raised > now ? raised : now;
  };
  const maxFeePerGas = raise(previous.maxFeePerGas, current.maxFeePerGas);
  if (maxFeePerGas > RAISED_FEE_MAX) return null;
  // A tip above the whole price is not valid. Both were raised by an eighth, so the tip still is.
  const tip = raise(previous.maxPriorityFeePerGas, current.maxPriorityFeePerGas);
  return { maxFeePerGas, maxPriorityFeePerGas: atMost(tip, maxFeePerGas) };
}
