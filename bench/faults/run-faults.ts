import type { BenchRow } from "../bench-row.ts";

/** Faults by the name that FAULTS_ONLY picks some of them by: FAULTS_ONLY=l1,l6. */
export type Faults<Args extends unknown[] = []> = readonly [
  name: string,
  fault: (...args: Args) => BenchRow[] | Promise<BenchRow[]>,
][];

/** Injects one after the other. */
export async function runFaults<Args extends unknown[]>(faults: Faults<Args>, ...args: Args): Promise<BenchRow[]> {
  const only = process.env.FAULTS_ONLY;
  const rows: BenchRow[] = [];
  for (const [name, fault] of faults) if (!only || only.split(",").includes(name)) rows.push(...(await fault(...args)));
  return rows;
}
