import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { newPerson } from "#server/api/testing/compute-world.ts";
import { putPaperNode } from "#server/compute/testing/paper-node.ts";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { createApiKey } from "#server/identity/api-keys.ts";
import { buildWeb } from "../scripts/lib/build.ts";
import { freePort, waitUntil } from "../scripts/lib/ports.ts";
import { type Running, startProgram, stopProgram } from "../scripts/lib/processes.ts";
import { NODE_FLAGS, root } from "../scripts/lib/services.ts";
import { type BenchRow, bounded, median, percentile, round } from "./bench-row.ts";
import { watchLiveMemory } from "./gateway/live-memory.ts";
import { startPortkey } from "./gateway/portkey.ts";
import { type Pace, type Streamed, streamOnce, type Target } from "./gateway/stream.ts";

const ROUNDS = 5;
const REQUESTS_A_ROUND = 60;
/** Every way is as warm as a server that has been up for minutes. */
const WARMING = 300;
const SEQUENTIAL: Pace = { first: 5, every: 2, tokens: 20 };
const CROWD = 100;
const CROWDED: Pace = { first: 20, every: 50, tokens: 80 };
/** How long the hundred streams are kept up while memory is watched; shorter ones are for trying the bench out. */
const SOAK_SECONDS = Number(process.env.GATEWAY_SOAK_S ?? 600);
const SAMPLE_MS = 15_000;
const SOAKED: Pace = { first: 50, every: 100, tokens: 280 };

type World = {
  direct: Target;
  ours: Target;
  peer: Target;
  web: Running;
  inspectorPort: number;
  stop: () => Promise<void>;
};

async function startBackend(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, join(root, "bench/gateway/backend.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = await once(createInterface({ input: child.stdout }), "line", { signal: AbortSignal.timeout(10_000) });
  return { child, url: `http://127.0.0.1:${port}` };
}

async function startWeb(home: string): Promise<{ web: Running; url: string; inspectorPort: number }> {
  await buildWeb();
  const [port, inspectorPort] = [await freePort(), await freePort()];
  const inspect = `--inspect=127.0.0.1:${inspectorPort}`;
  const web = startProgram(process.execPath, [...NODE_FLAGS, inspect, join(root, "server/web/main.ts")], {
    cwd: root,
    env: {
      ...process.env,
      NODE_ENV: "production",
      PORT: String(port),
      PUBLIC_URL: `http://localhost:${port}`,
      ALLOW_PRIVATE_NODES: "127.0.0.1",
      LOG_LEVEL: "warn",
    },
    logFile: join(home, "web.log"),
  });
  const url = `http://127.0.0.1:${port}`;
  await waitUntil("The web process", () =>
    fetch(`${url}/api/health/live`).then(
      (response) => response.ok,
      () => false,
    ),
  );
  return { web, url, inspectorPort };
}

async function startWorld(): Promise<World> {
  const [backend, { web, url, inspectorPort }] = await Promise.all([startBackend(), startWeb(env.CONVERGE_HOME)]);
  const peer = await startPortkey(backend.url, env.CONVERGE_HOME);
  const provider = await newPerson(0n, ["user", "provider"]);
  const renter = await newPerson(1_000_000_000n);
  const spendLimit = { kind: "window" as const, windowMs: 86_400_000, units: "900000000" };
  const { token } = await createApiKey(renter.actor, { name: "bench", scopes: ["inference:write"], spendLimit });
  await putPaperNode(provider.actor.userId, "bench", {
    directUrl: `${backend.url}/v1`,
    inputPrice: 1_000n,
    outputPrice: 2_000n,
    contextTokens: 131_072,
  });
  return {
    direct: { url: `${backend.url}/v1/chat/completions`, headers: { authorization: "Bearer none" }, model: "bench" },
    ours: { url: `${url}/api/v1/chat/completions`, headers: { authorization: `Bearer ${token}` }, model: "bench" },
    peer: peer.target,
    web,
    inspectorPort,
    stop: async () => {
      await Promise.all([stopProgram(web, "SIGTERM", 5_000), peer.stop()]);
      backend.child.kill();
    },
  };
}

type Added = { first: number; total: number; totalP99: number };

/** What a way adds to calling the model server itself, one request after the other, the ways taking turns. */
async function measureSequential({ direct, ours, peer }: World): Promise<{ ours: Added[]; peer: Added[] }> {
  const ways = { direct, ours, peer };
  const result: { ours: Added[]; peer: Added[] } = { ours: [], peer: [] };
  for (let round = -1; round < ROUNDS; round += 1) {
    const seen: Record<keyof typeof ways, Streamed[]> = { direct: [], ours: [], peer: [] };
    for (let i = 0; i < (round < 0 ? WARMING : REQUESTS_A_ROUND); i += 1) {
      for (const name of ["direct", "ours", "peer"] as const) seen[name].push(await streamOnce(ways[name], SEQUENTIAL));
    }
    if (round < 0) continue;
    const of = (name: keyof typeof ways, what: "firstMs" | "totalMs") => seen[name].map((one) => one[what]);
    for (const name of ["ours", "peer"] as const) {
      result[name].push({
        first: median(of(name, "firstMs")) - median(of("direct", "firstMs")),
        total: median(of(name, "totalMs")) - median(of("direct", "totalMs")),
        totalP99: percentile(of(name, "totalMs"), 99) - median(of("direct", "totalMs")),
      });
    }
  }
  return result;
}

function sequentialRows({ ours, peer }: { ours: Added[]; peer: Added[] }): BenchRow[] {
  const ratio = (what: keyof Added) => ours.map((one, i) => one[what] / (peer[i]?.[what] ?? Number.NaN));
  const note = (what: keyof Added) => {
    const [left, right] = [ours, peer].map((side) => round(median(side.map((one) => one[what])), 2));
    const spread = ratio(what).map((one) => round(one, 2));
    return `${left} ms against ${right} ms; ${Math.min(...spread)} to ${Math.max(...spread)} in ${ROUNDS} rounds`;
  };
  return [
    bounded(
      "added to a whole stream, p50",
      round(median(ratio("total")), 2),
      "ratio to Portkey",
      "<= 1",
      note("total"),
    ),
    bounded(
      "added to a whole stream, p99",
      round(median(ratio("totalP99")), 2),
      "ratio to Portkey",
      "<= 2",
      note("totalP99"),
    ),
    {
      name: "added to the first token, p50",
      value: round(median(ratio("first")), 2),
      unit: "ratio to Portkey",
      note: note("first"),
    },
  ];
}

const crowd = (target: Target, pace: Pace, size = CROWD): Promise<Streamed[]> =>
  Promise.all(
    Array.from({ length: size }, async (_, i) => {
      await sleep(i * 7);
      return streamOnce(target, pace);
    }),
  );

async function crowdRows({ direct, ours, peer }: World): Promise<BenchRow[]> {
  const held: Record<string, number[]> = { direct: [], ours: [], peer: [] };
  for (let turn = 0; turn < 3; turn += 1) {
    for (const [name, target] of Object.entries({ direct, ours, peer })) {
      held[name]?.push(...(await crowd(target, CROWDED)).flatMap((one) => one.heldMs));
    }
  }
  const at = (name: string, p: number) => percentile(held[name] ?? [], p);
  const base = at("direct", 99);
  return [
    bounded(
      "100 streams: added to each token, p99",
      round(at("ours", 99) - base, 2),
      "ms",
      "<= 5",
      `p50 ${round(at("ours", 50) - at("direct", 50), 2)} ms; Portkey p99 ${round(at("peer", 99) - base, 2)} ms`,
    ),
    {
      name: "100 streams: the longest a token was held",
      value: round(at("ours", 100), 1),
      unit: "ms",
      note: `directly ${round(at("direct", 100), 1)} ms`,
    },
  ];
}

async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

type Sample = { atMs: number; value: number };

/** The slope of the samples in units a minute: of the slopes between every two of them the median (Theil and Sen). */
function slopeAMinute(samples: readonly Sample[]): number {
  return median(
    samples.flatMap((from, i) =>
      samples.slice(i + 1).map((to) => ((to.value - from.value) / (to.atMs - from.atMs)) * 60_000),
    ),
  );
}

/** Keeps a hundred streams up and watches the web process. */
async function soakRows({ ours, web, inspectorPort }: World): Promise<BenchRow[]> {
  const pid = web.child.pid ?? 0;
  const endAt = Date.now() + SOAK_SECONDS * 1_000;
  const samples: (Sample & { files: number; resident: number })[] = [];
  const memory = await watchLiveMemory(inspectorPort);
  let streams = 0;
  const keepOneUp = async (delay: number) => {
    await sleep(delay);
    while (Date.now() < endAt) {
      await streamOnce(ours, SOAKED);
      streams += 1;
    }
  };
  const watch = async () => {
    while (Date.now() < endAt) {
      const files = (await readdir(`/proc/${pid}/fd`)).length;
      samples.push({ atMs: Date.now(), value: await memory.read(), files, resident: await memoryOf(pid) });
      await sleep(SAMPLE_MS);
    }
  };
  await Promise.all([watch(), ...Array.from({ length: CROWD }, (_, i) => keepOneUp(i * 50))]);
  memory.close();
  // Caches fill and code is compiled in the first fifth.
  const settled = samples.slice(Math.floor(samples.length / 5));
  const note = `${SOAK_SECONDS} s, ${streams} streams; ${round(settled[0]?.value ?? 0)} MB kept at first, ${round(settled.at(-1)?.value ?? 0)} MB at last; ${round(settled.at(-1)?.resident ?? 0)} MB resident`;
  const files = settled.map((sample) => sample.files);
  return [
    bounded(
      "100 streams kept up: memory kept after collection grows",
      round(slopeAMinute(settled), 2),
      "MB a minute",
      "<= 1",
      note,
    ),
    bounded(
      "100 streams kept up: open files, last less first",
      (files.at(-1) ?? 0) - (files[0] ?? 0),
      "count",
      "<= 20",
    ),
  ];
}

/** What our gateway adds to a model server's answers with key, caps, metering and receipts on, beside a peer's. */
export async function run(): Promise<BenchRow[]> {
  const world = await startWorld();
  try {
    const rows = sequentialRows(await measureSequential(world));
    rows.push(...(await crowdRows(world)));
    rows.push(...(await soakRows(world)));
    return rows;
  } finally {
    await world.stop();
    await db.$disconnect();
    await pool.end();
  }
}
