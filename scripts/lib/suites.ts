import { spawn } from "node:child_process";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { NODE_FLAGS, root } from "./services.ts";

export type SuiteResult = { name: string; passed: number; failed: number; skipped: number; ms: number; output: string };

/** How many tests a program says it ran, read from its own closing lines. */
function readCounts(output: string): { passed: number; failed: number; skipped: number } | null {
  const plain = stripVTControlCharacters(output);
  const count = (pattern: RegExp) => Number(pattern.exec(plain)?.[1] ?? 0);
  // vitest: "Tests  3 failed | 120 passed (123)"
  const vitest = /^\s*Tests\s+(.*)$/m.exec(plain)?.[1];
  if (vitest) {
    const of = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(vitest)?.[1] ?? 0);
    return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
  }
  // forge: "Ran 9 test suites in 1.2s: 80 tests passed, 0 failed, 0 skipped (80 total tests)"
  const forge = /(\d+) tests passed, (\d+) failed, (\d+) skipped/.exec(plain);
  if (forge) return { passed: Number(forge[1]), failed: Number(forge[2]), skipped: Number(forge[3]) };
  // playwright: "  3 failed", "  20 passed (40s)"
  if (/^\s*\d+ passed/m.test(plain) || /^\s*\d+ failed/m.test(plain)) {
    return {
      passed: count(/^\s*(\d+) passed/m),
      failed: count(/^\s*(\d+) failed/m),
      skipped: count(/^\s*(\d+) skipped/m),
    };
  }
  return null;
}

/**
 * Runs one program as a suite. What counts its own tests is believed; anything else is one test that passed when
 * it ended with 0. A program that fails without a failed test counts as one failure.
 */
export async function runSuite(
  name: string,
  command: string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<SuiteResult> {
  const startedAt = Date.now();
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd: root,
    env: { ...env, NO_COLOR: "1", FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const code = await new Promise<number>((resolve) => {
    child.once("error", () => resolve(-1));
    child.once("close", (exit) => resolve(exit ?? -1));
  });
  const counts = readCounts(output) ?? { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  const result = { name, ...counts, ms: Date.now() - startedAt, output };
  const mark = counts.failed === 0 ? "✓" : "✗";
  process.stdout.write(
    `  ${mark} ${name.padEnd(14)} ${`${counts.passed} passed, ${counts.failed} failed`.padEnd(30)} ${(result.ms / 1000).toFixed(1)} s\n`,
  );
  if (counts.failed > 0) process.stdout.write(`${output.slice(-20_000)}\n`);
  return result;
}

const bin = (name: string) => join(root, "node_modules", ".bin", name);
const node = (file: string, ...args: string[]) => [process.execPath, ...NODE_FLAGS, join(root, file), ...args];

/** The quick suites: nothing is started for them. */
export const QUICK_SUITES: [name: string, command: string[]][] = [
  ["format+lint", [bin("biome"), "ci", "--error-on-warnings", "."]],
  ["boundaries", node("scripts/check-boundaries.ts")],
  ["types", [bin("tsc"), "--noEmit", "-p", "."]],
  ["unit", node("node_modules/vitest/vitest.mjs", "run", "--project", "unit")],
];

export const integrationSuite = (): [string, string[]] => [
  "integration",
  node("node_modules/vitest/vitest.mjs", "run", "--project", "integration"),
];
export const contractsSuite = (): [string, string[]] => [
  "contracts",
  [process.execPath, join(root, "scripts/forge.mjs"), "test"],
];
export const driftSuite = (): [string, string[]] => ["generated", node("scripts/check-generated.ts")];
export const journeySuite = (): [string, string[]] => ["journey", node("bench/journey/main.ts")];
export const browserSuite = (): [string, string[]] => ["browser", node("node_modules/@playwright/test/cli.js", "test")];

/** Prints the sum in the one line that any CI can read, and ends the process accordingly. */
export function finish(results: SuiteResult[]): never {
  const sum = (pick: (result: SuiteResult) => number) => results.reduce((total, result) => total + pick(result), 0);
  const failed = sum((result) => result.failed);
  const skipped = sum((result) => result.skipped);
  process.stdout.write(
    `\n${sum((result) => result.passed)} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
  );
  process.exit(failed === 0 ? 0 : 1);
}
