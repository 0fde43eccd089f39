/** One measured number; `bound` says in words what it has to be and `ok` whether it is. */
export type BenchRow = { name: string; value: number; unit: string; bound?: string; ok?: boolean; note?: string };

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The p-th percentile, nearest rank. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** "median of 5 rounds, 7.9 to 9.2" */
export const spread = (values: readonly number[], digits = 1): string =>
  `median of ${values.length} rounds, ${round(Math.min(...values), digits)} to ${round(Math.max(...values), digits)}`;

/** A row with a bound, judged here so that the text and the verdict cannot differ. */
export function bounded(
  name: string,
  value: number,
  unit: string,
  bound: `${">=" | "<="} ${number}`,
  note?: string,
): BenchRow {
  const limit = Number(bound.slice(3));
  const ok = bound.startsWith(">=") ? value >= limit : value <= limit;
  return { name, value, unit, bound, ok, ...(note ? { note } : {}) };
}
