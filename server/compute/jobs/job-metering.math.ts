import { PLATFORM_FEE_BPS } from "../metering.math.ts";

const SECONDS_PER_HOUR = 3_600n;
const BPS = 10_000n;

/** What a time at a price costs, in micro-dollars: rounded down, in favour of whoever pays. */
export const costOfSeconds = (pricePerHour: bigint, seconds: number): bigint =>
  (pricePerHour * BigInt(seconds)) / SECONDS_PER_HOUR;

/** The most a job can cost: its whole time at the highest price it accepts. Rounded up, so that every cost fits. */
export const mostCost = (pricePerHourMax: bigint, timeLimitSeconds: number): bigint =>
  (pricePerHourMax * BigInt(timeLimitSeconds) + SECONDS_PER_HOUR - 1n) / SECONDS_PER_HOUR;

export type Rates = { pricePerCoreHour: bigint; pricePerGpuHour: bigint };

export const hourlyPrice = (rates: Rates, resources: { cpuCores: number; gpuCount: number }): bigint =>
  rates.pricePerCoreHour * BigInt(resources.cpuCores) + rates.pricePerGpuHour * BigInt(resources.gpuCount);

/**
 * The seconds of a lease that are paid: whole ones between ready and released, and no more than the job's limit.
 *
 * Of a lease whose node was lost only what reached a checkpoint counts: the rest is gone for whoever pays.
 */
export function billedSeconds(
  lease: { readyAt: Date | null; releasedAt: Date; checkpointedAt: Date | null },
  isLost: boolean,
  secondsMax: number,
): number {
  if (!lease.readyAt) return 0;
  const end = isLost ? lease.checkpointedAt : lease.releasedAt;
  if (!end) return 0;
  const seconds = Math.floor((end.getTime() - lease.readyAt.getTime()) / 1_000);
  return Math.max(0, Math.min(seconds, secondsMax));
}

export type LeaseCharge = { payee: string; charged: bigint };
export type JobSettlement = { charged: bigint; fee: bigint; parts: { payee: string; amount: bigint }[] };

/**
 * Splits what all leases of a job cost into what each provider gets and what the platform keeps. The fee is rounded
 * down a lease, in the provider's favour; whoever rents from themselves pays the fee alone.
 */
export function settleJob(
  leases: readonly LeaseCharge[],
  payer: string,
  feeBps: bigint = PLATFORM_FEE_BPS,
): JobSettlement {
  let fee = 0n;
  const amounts = new Map<string, bigint>();
  for (const { payee, charged } of leases) {
    const share = (charged * feeBps) / BPS;
    fee += share;
    if (payee === payer) continue;
    amounts.set(payee, (amounts.get(payee) ?? 0n) + charged - share);
  }
  const parts = [...amounts].map(([payee, amount]) => ({ payee, amount })).filter(({ amount }) => amount > 0n);
  return { charged: parts.reduce((sum, { amount }) => sum + amount, fee), fee, parts };
}
