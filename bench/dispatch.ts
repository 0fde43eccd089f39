import { newId } from "#core/ids.ts";
import { jobSpec } from "#core/schemas/job.ts";
import type { LeaseOrder } from "#core/schemas/job-protocol.ts";
import { newPerson } from "#server/api/testing/compute-world.ts";
import type { NodeIdentity } from "#server/compute/authenticate-node.ts";
import { closeHub } from "#server/compute/hub.ts";
import { createJob } from "#server/compute/jobs/create-job.ts";
import { dispatchJobs } from "#server/compute/jobs/dispatch-jobs.ts";
import { forgetRentals } from "#server/compute/jobs/list-rentals.ts";
import { reportLease } from "#server/compute/jobs/report-lease.ts";
import { saveRental } from "#server/compute/jobs/save-rental.ts";
import { pollWork } from "#server/compute/poll-work.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { type BenchRow, bounded, median, percentile, round } from "./bench-row.ts";

const NODES = 200;
const DECISIONS = 400;
const WARMING = 60;
const STARTS = 100;
const GPUS = ["NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-40GB", "NVIDIA GeForce RTX 4090", "NVIDIA L4"];

/** Two hundred nodes of four kinds, at two hundred prices, with room for two jobs each. */
async function putNodes(ownerId: string): Promise<NodeIdentity[]> {
  const nodes: NodeIdentity[] = [];
  for (let i = 0; i < NODES; i += 1) {
    const nodeId = newId("node");
    await db.computeNode.create({
      data: {
        id: nodeId,
        ownerId,
        name: `Node ${i}`,
        publicKey: nodeId,
        hardware: {},
        version: "bench",
        capacity: 4,
        status: "online",
        // Hours ahead, so that it stays in the market without a sign of life.
        lastSeenAt: new Date(Date.now() + 10 * 3_600_000),
        region: i % 2 ? "eu" : "us",
      },
    });
    await saveRental(sqlOf(pool), nodeId, {
      runners: ["bubblewrap"],
      cpuCores: 16,
      memoryMb: 65_536,
      diskMb: 100_000,
      gpus: [{ model: GPUS[i % GPUS.length] ?? "", memoryMb: 40_000, count: 2 }],
      allowsNetwork: false,
      hasImages: false,
      pricePerCoreHour: String(10_000 + i * 10),
      pricePerGpuHour: String(1_000_000 + i * 1_000),
      region: null,
      jobsMax: 2,
    });
    nodes.push({ nodeId, ownerId, publicKey: nodeId });
  }
  return nodes;
}

const specOf = (i: number) =>
  jobSpec.parse({
    command: ["true"],
    resources: {
      cpuCores: 1 + (i % 4),
      memoryMb: 512,
      gpuCount: i % 3 === 0 ? 1 : 0,
      gpuModel: i % 3 === 0 ? "A100" : null,
    },
    pricePerHourMax: "5000000",
    timeLimitSeconds: 60,
  });

const ready = (report: { leaseId: string; fence: number }) => ({
  ...report,
  events: [
    { type: "ready" as const, index: 0 },
    { type: "exited" as const, index: 1, exitCode: 0, reason: null },
    { type: "released" as const, index: 2 },
  ],
});

/** Frees all nodes: these jobs have no money behind them, so their rows are all there is of them. */
const clear = () => pool.query("DELETE FROM job");

/** How long one queued job takes to be matched against all nodes and leased, its transaction on disk included. */
async function decisionRows(renter: Awaited<ReturnType<typeof newPerson>>): Promise<BenchRow[]> {
  const times: number[] = [];
  for (let i = 0; i < DECISIONS + WARMING; i += 1) {
    const job = await queueJob(renter, i);
    const startedAt = performance.now();
    const { leased } = await dispatchJobs();
    if (i >= WARMING && leased === 1) times.push(performance.now() - startedAt);
    if (leased !== 1) throw new Error(`Job ${job} was not leased`);
    if (i % 150 === 149) await clear();
  }
  await clear();
  return [
    bounded(
      "a decision among 200 nodes, p99",
      round(percentile(times, 99), 2),
      "ms",
      "<= 5",
      `p50 ${round(median(times), 2)} ms, ${times.length} decisions, each with its commit`,
    ),
  ];
}

/** A queued job that nobody was woken for, so that the decision is the bench's to take. */
async function queueJob(renter: Awaited<ReturnType<typeof newPerson>>, i: number): Promise<string> {
  const id = newId("job");
  const spec = specOf(i);
  await pool.query(
    `INSERT INTO job (id, user_id, payer, name, spec, status, reservation_id, reserved, scopes, expires_at)
     VALUES ($1, $2, $3, 'bench', $4, 'queued', 'none', 0, '{}', now() + interval '1 day')`,
    [id, renter.actor.userId, renter.account, JSON.stringify(spec)],
  );
  return id;
}

/** From the moment a node is free again to the moment it has the next job, over its own long poll. */
async function startRows(renter: Awaited<ReturnType<typeof newPerson>>, node: NodeIdentity): Promise<BenchRow[]> {
  await pool.query("UPDATE compute_rental SET is_active = node_id = $1, jobs_max = 1", [node.nodeId]);
  forgetRentals();
  const held: string[] = [];
  const never = new AbortController().signal;
  const next = async (): Promise<LeaseOrder> => {
    for (;;) {
      const { leases } = await pollWork(node, { running: [], leases: held, waitSeconds: 20 }, never);
      if (leases[0]) return leases[0];
    }
  };
  const times: number[] = [];
  await createJob(renter.actor, specOf(1));
  let current = await next();
  for (let i = 0; i < STARTS; i += 1) {
    held.splice(0, held.length, current.leaseId);
    // Waits in the queue: the one node that fits is taken.
    await createJob(renter.actor, specOf(1));
    const waiting = next();
    const freeAt = performance.now();
    await reportLease(node, ready({ leaseId: current.leaseId, fence: current.fence }));
    current = await waiting;
    times.push(performance.now() - freeAt);
  }
  return [
    bounded(
      "a job starts after a node that fits is free, the longest of 100",
      round(Math.max(...times)),
      "ms",
      "<= 2000",
      `p50 ${round(median(times))} ms`,
    ),
  ];
}

/** How quickly work finds a machine among two hundred. */
export async function run(): Promise<BenchRow[]> {
  const provider = await newPerson(0n, ["user", "provider"]);
  const renter = await newPerson(10_000_000_000n);
  const nodes = await putNodes(provider.actor.userId);
  const first = nodes[0];
  if (!first) throw new Error("There are no nodes");
  try {
    const rows = await startRows(renter, first);
    await pool.query("UPDATE compute_rental SET is_active = true, jobs_max = 2");
    forgetRentals();
    await clear();
    rows.push(...(await decisionRows(renter)));
    return rows;
  } finally {
    await closeHub();
    await db.$disconnect();
    await pool.end();
  }
}
