import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateClient } from "../scripts/lib/build.ts";
import { root, startTestServices } from "../scripts/lib/services.ts";
import type { BenchRow } from "./bench-row.ts";
import { machine, printRows } from "./report.ts";

type Bench = { file: string; services: "none" | "database" | "chain" };

/** What can be measured, and what each needs to run beside it. */
const BENCHES: Record<string, Bench> = {
  agents: { file: "./agents.ts", services: "chain" },
  caps: { file: "./caps.ts", services: "database" },
  dispatch: { file: "./dispatch.ts", services: "database" },
  gas: { file: "./gas.ts", services: "none" },
  gateway: { file: "./gateway.ts", services: "chain" },
  "hot-account": { file: "./hot-account.ts", services: "database" },
  ledger: { file: "./ledger.ts", services: "database" },
  pages: { file: "./pages.ts", services: "none" },
  policy: { file: "./policy.ts", services: "chain" },
  prove: { file: "./prove.ts", services: "chain" },
  proofs: { file: "./proofs.ts", services: "chain" },
  start: { file: "./start.ts", services: "none" },
};

const args = process.argv.slice(2);
const isJson = args.includes("--json");
const keeps = args.includes("--save");
const name = args.find((arg) => !arg.startsWith("--"));
const bench = name ? BENCHES[name] : undefined;
if (!name || !bench) {
  process.stderr.write(
    `Usage: npm run bench -- NAME [--json] [--save]\nNAME is one of: ${Object.keys(BENCHES).join(", ")}\n`,
  );
  process.exit(2);
}

await generateClient();
const services = bench.services === "none" ? null : await startTestServices({ chain: bench.services === "chain" });
let rows: BenchRow[] = [];
try {
  // The configuration is read when a module is loaded, so it is in place before the bench is.
  if (services) Object.assign(process.env, services.env);
  const { run } = (await import(bench.file)) as { run: () => Promise<BenchRow[]> };
  rows = await run();
} finally {
  await services?.stop();
}

const result = {
  name,
  machine: machine(),
  rows,
  ok: rows.every((row) => row.ok !== false),
};
if (keeps) {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root }).toString().trim();
  await mkdir(join(root, "bench/results"), { recursive: true });
  await writeFile(
    join(root, `bench/results/${name}.json`),
    `${JSON.stringify({ ...result, date: new Date().toISOString(), commit }, null, 2)}\n`,
  );
}
if (isJson) process.stdout.write(`${JSON.stringify(result)}\n`);
else printRows(rows);
process.exit(result.ok ? 0 : 1);
