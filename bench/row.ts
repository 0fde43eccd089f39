/** One measured figure. `bound` is what it must satisfy, in words and numbers; `ok` whether it does. */
export type BenchRow = {
  name: string;
  value: number;
  unit: string;
  bound?: string;
  ok?: boolean;
  note?: string;
};

/** A row with a bound like ">= 6" or "<= 15", judged here so that the text and the verdict cannot differ. */
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
