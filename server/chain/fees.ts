import { env } from "#server/env.ts";
import { publicClient } from "./client.ts";

export type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint };

/** The highest price a gas sponsor and the signer go along with. */
const FEE_PER_GAS_MAX = 100_000_000_000n;
const PRIORITY_FEE = env.isDevelopmentChain ? 1_000_000n : 1_000_000_000n;

const atMost = (value: bigint, limit: bigint): bigint => (value < limit ? value : limit);

/** A price that stays good while the base fee doubles. */
export async function currentFees(): Promise<Fees> {
  const { baseFeePerGas } = await publicClient().getBlock({ blockTag: "latest" });
  const maxPriorityFeePerGas = PRIORITY_FEE;
  return {
    maxPriorityFeePerGas,
    maxFeePerGas: atMost((baseFeePerGas ?? 0n) * 2n + maxPriorityFeePerGas, FEE_PER_GAS_MAX),
  };
}

/** The price of a replacement: nodes want at least a tenth more, we give an eighth, and never less than today's price. */
export function bumpFees(previous: Fees, current: Fees): Fees {
  const bump = (before: bigint, now: bigint): bigint => {
    const raised = before + before / 8n + 1n;
    return raised > now ? raised : now;
  };
  return {
    maxFeePerGas: atMost(bump(previous.maxFeePerGas, current.maxFeePerGas), 5n * FEE_PER_GAS_MAX),
    maxPriorityFeePerGas: bump(previous.maxPriorityFeePerGas, current.maxPriorityFeePerGas),
  };
}
