import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { generateClient } from "../../scripts/lib/build.ts";
import { NODE_FLAGS, root, startTestServices } from "../../scripts/lib/services.ts";
import type { BenchRow } from "../bench-row.ts";
import { machine, printRows } from "../report.ts";

// npm run faults -- GROUP… [--json]: injects the faults of each group into real services and measures what came of them.

/** What a group needs to run beside it; the chain where nothing else is said. */
const DATABASE_ONLY = new Set(["ledger"]);

const args = process.argv.slice(2);
const isJson = args.includes("--json");
const groups = args.filter((arg) => !arg.startsWith("--"));
const fileOf = (group: string) => join(root, "bench/faults", `${group}.ts`);
const isGroup = (group: string) => /^[a-z-]+$/.test(group) && group !== "main" && existsSync(fileOf(group));

if (groups.length === 0 || !groups.every(isGroup)) {
  const files = (await readdir(join(root, "bench/faults"))).map((file) => file.replace(/\.ts$/, ""));
  const known = files.filter((file) => ["chain", "ledger"].includes(file));
  process.stderr.write(`Usage: npm run faults -- GROUP… [--json]\nA GROUP is one of: ${known.join(", ")}\n`);
  process.exit(2);
}

/** The configuration is read once in a process, so every group has a process and services of its own. */
async function runApart(group: string): Promise<BenchRow[]> {
  const child = spawn(process.execPath, [...NODE_FLAGS, join(root, "bench/faults/main.ts"), group, "--json"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await new Promise<void>((resolve) => child.once("close", () => resolve()));
  const last = output.trim().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) throw new Error(`The group ${group} ended without a result.`);
  return (JSON.parse(last) as { rows: BenchRow[] }).rows;
}

async function runHere(group: string): Promise<BenchRow[]> {
  await generateClient();
  // What the services log of the faults is expected; set LOG_LEVEL to read it.
  process.env.LOG_LEVEL ??= "silent";
  const services = await startTestServices({ chain: !DATABASE_ONLY.has(group) });
  try {
    Object.assign(process.env, services.env);
    const { run } = (await import(fileOf(group))) as { run: () => Promise<BenchRow[]> };
    return await run();
  } finally {
    await services.stop();
  }
}

const rows: BenchRow[] = [];
const [first = ""] = groups;
if (groups.length === 1) rows.push(...(await runHere(first)));
else for (const group of groups) rows.push(...(await runApart(group)));

const result = {
  name: `faults ${groups.join(" ")}`,
  machine: machine(),
  rows,
  ok: rows.length > 0 && rows.every(({ ok }) => ok !== false),
};
if (isJson) process.stdout.write(`${JSON.stringify(result)}\n`);
else printRows(rows);
process.exit(result.ok ? 0 : 1);
