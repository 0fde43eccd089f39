const BPS = 10_000n;

export type Work = { ownerId: string; work: bigint };
export type Payout = { fee: bigint; parts: (Work & { amount: bigint })[] };

/**
 * Splits what a pool took in: the owner's fee, then everybody by work. All is rounded down; what is left stays in the
 * pool for the next time, less than one unit for each member.
 */
export function splitPool(balance: bigint, feeBps: bigint, works: readonly Work[]): Payout {
  const total = works.reduce((sum, { work }) => sum + work, 0n);
  if (balance <= 0n || total === 0n) return { fee: 0n, parts: [] };
  const fee = (balance * feeBps) / BPS;
  const parts = works
    .map(({ ownerId, work }) => ({ ownerId, work, amount: ((balance - fee) * work) / total }))
    .filter(({ amount }) => amount > 0n);
  return { fee, parts };
}
