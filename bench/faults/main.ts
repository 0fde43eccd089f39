import { spawn } from "node:child_process";
import { join } from "node:path";
import { generateClient } from "../../scripts/lib/build.ts";
import { NODE_FLAGS, root, startTestServices } from "../../scripts/lib/services.ts";
import type { BenchRow } from "../bench-row.ts";
import { machine, printRows } from "../report.ts";

// npm run faults -- GROUP… [--json]: injects the faults of each group into real services and measures what came of them.

/** The groups, each a file beside this one, and what each needs to run beside it. */
const GROUPS: Readonly<Record<string, "database" | "chain">> = {
  chain: "chain",
  compute: "database",
  ledger: "database",
  wallets: "chain",
};

const args = process.argv.slice(2);
const isJson = args.includes("--json");
const groups = args.filter((arg) => !arg.startsWith("--"));
const fileOf = (group: string) => join(root, "bench/faults", `${group}.ts`);

if (groups.length === 0 || !groups.every((group) => Object.hasOwn(GROUPS, group))) {
  process.stderr.write(
    `Usage: npm run faults -- GROUP… [--json]\nA GROUP is one of: ${Object.keys(GROUPS).join(", ")}\n`,
  );
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
  const services = await startTestServices({ chain: GROUPS[group] === "chain" });
  try {
    // Nodes of these tests are on this machine.
    Object.assign(process.env, services.env, { ALLOW_PRIVATE_NODES: "127.0.0.1" });
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
