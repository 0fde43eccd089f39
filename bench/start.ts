import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../scripts/lib/ports.ts";
import { NODE_FLAGS, root } from "../scripts/lib/services.ts";
import { type BenchRow, bounded } from "./bench-row.ts";

const seconds = (ms: number) => Math.round(ms / 100) / 10;

type Started = { child: ChildProcess; readyMs: number };

/** Starts Converge in a folder of its own and waits until it prints its address. */
async function start(home: string, port: number): Promise<Started> {
  const startedAt = Date.now();
  const child = spawn(process.execPath, [...NODE_FLAGS, join(root, "scripts/lib/start.ts")], {
    cwd: root,
    env: {
      ...process.env,
      CONVERGE_HOME: home,
      PORT: String(port),
      DATABASE_URL: "",
      CHAIN_RPC_URL: "",
      CONVERGE_INSTALL_MS: "0",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("Converge runs at")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`Converge ended with ${code} before it was ready.`)));
  });
  return { child, readyMs: Date.now() - startedAt };
}

async function stop({ child }: Started): Promise<number> {
  const startedAt = Date.now();
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  await ended;
  return Date.now() - startedAt;
}

type Process = { pid: number; parent: number; residentBytes: number };

async function readProcesses(): Promise<Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid): Promise<Process | null> => {
      const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => null);
      // Proportional memory counts a page that several Postgres processes share once.
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
      if (!status) return null;
      const kilobytes = Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? /^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
      return {
        pid: Number(pid),
        parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0),
        residentBytes: kilobytes * 1024,
      };
    }),
  );
  return found.filter((process) => process !== null);
}

/** The resident memory of a process and everything it started. */
async function treeBytes(pid: number): Promise<number> {
  const processes = await readProcesses();
  const family = new Set([pid]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const { pid: child, parent } of processes) {
      if (family.has(parent) && !family.has(child)) {
        family.add(child);
        grew = true;
      }
    }
  }
  return processes
    .filter(({ pid: member }) => family.has(member))
    .reduce((sum, { residentBytes }) => sum + residentBytes, 0);
}

/** First and second start, shutdown, memory at rest, and the size of what is installed. Linux only. */
export async function run(): Promise<BenchRow[]> {
  const home = await mkdtemp(join(tmpdir(), "converge-bench-"));
  const port = await freePort();
  try {
    const first = await start(home, port);
    const firstStopMs = await stop(first);
    const second = await start(home, port);
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    const memory = await treeBytes(second.child.pid ?? 0);
    const secondStopMs = await stop(second);
    const installed = Number(execFileSync("du", ["-sb", "node_modules"], { cwd: root }).toString().split("\t")[0]);
    return [
      {
        name: "first start, installed and built",
        value: seconds(first.readyMs),
        unit: "s",
        note: "database, chain, contracts and proving set up from nothing",
      },
      bounded("second start", seconds(second.readyMs), "s", "<= 15"),
      bounded("shutdown, the slower of two", seconds(Math.max(firstStopMs, secondStopMs)), "s", "<= 5"),
      bounded(
        "memory of all processes at rest",
        Math.round(memory / 1e6) / 1000,
        "GB",
        "<= 1.5",
        "proportional set size, 20 s after the start",
      ),
      bounded("node_modules", Math.round(installed / 1e6) / 1000, "GB", "<= 2.2"),
    ];
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
