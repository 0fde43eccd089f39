import { formatAmount, usd } from "../money.ts";

/** What the walk moves, in base units. What is earned depends on what was read; the rest is set here. */
export const FUNDING = 600_000n;
export const DEPOSIT = 100_000n;
export const PER_TRANSACTION_CAP = 200_000n;
export const WINDOW_CAP = 500_000n;
export const OVER_THE_CAP = 300_000n;
export const GATED = 50_000n;
export const CASH_OUT = 250_000n;

export const dollars = (units: string | bigint): string => `$${formatAmount(usd(BigInt(units)))}`;
