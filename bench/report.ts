import { arch, cpus, platform, totalmem } from "node:os";
import type { BenchRow } from "./bench-row.ts";

/** What the figures were measured on. */
export const machine = () => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryBytes: totalmem(),
  platform: `${platform()}-${arch()}`,
  node: process.version,
});

/** The rows as a table for people. */
export function printRows(rows: readonly BenchRow[]): void {
  for (const row of rows) {
    const value = row.value.toLocaleString("en-US", { maximumFractionDigits: row.value < 100 ? 2 : 0 });
    const verdict = row.bound === undefined ? "" : `${row.ok ? "✓" : "✗"} ${row.bound}`;
    process.stdout.write(
      `  ${row.name.padEnd(44)} ${value.padStart(12)} ${row.unit.padEnd(14)} ${verdict.padEnd(12)} ${row.note ?? ""}\n`,
    );
  }
}
