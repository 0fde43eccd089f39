/** `part` of `whole` as a number from 0 to 1, only ever to draw the width of a bar. */
export function shareOf(part: string, whole: string): number {
  const total = BigInt(whole);
  if (total === 0n) return 0;
  return Math.min(1, Number((BigInt(part) * 10_000n) / total) / 10_000);
}
