import { newId } from "#core/ids.ts";
import { NODE_HEADERS, signNodeMessage, toBase64 } from "#core/node-signature.ts";
import { jobSpec } from "#core/schemas/job.ts";
import { eventually, newPerson } from "#server/api/testing/compute-world.ts";
import { createJoinToken } from "#server/compute/create-join-token.ts";
import { createJob } from "#server/compute/jobs/create-job.ts";
import { dispatchJobs } from "#server/compute/jobs/dispatch-jobs.ts";
import { forgetRentals } from "#server/compute/jobs/list-rentals.ts";
import { reportLease } from "#server/compute/jobs/report-lease.ts";
import { saveRental } from "#server/compute/jobs/save-rental.ts";
import { sweepJobs } from "#server/compute/jobs/sweep-jobs.ts";
import { sweepNodes } from "#server/compute/sweep-compute.ts";
import { TIMING } from "#server/compute/timing.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { type BenchRow, bounded, round } from "../../bench-row.ts";
import type { FaultWorld } from "../compute.ts";
import { type Person, spentBy } from "./compute-world.ts";

const FUNDS = 1_000_000_000n;
const JOBS = 20;

async function putRenter(provider: Person): Promise<{ nodeId: string; ownerId: string; publicKey: string }> {
  const nodeId = newId("node");
  await db.computeNode.create({
    data: {
      id: nodeId,
      ownerId: provider.actor.userId,
      name: "Renter",
      publicKey: nodeId,
      hardware: {},
      version: "faults",
      capacity: 1,
      status: "online",
      lastSeenAt: new Date(),
    },
  });
  await saveRental(sqlOf(pool), nodeId, {
    runners: ["bubblewrap"],
    cpuCores: 64,
    memoryMb: 65_536,
    diskMb: 65_536,
    gpus: [],
    allowsNetwork: false,
    hasImages: false,
    pricePerCoreHour: "36000000",
    pricePerGpuHour: "0",
    region: null,
    jobsMax: JOBS,
  });
  forgetRentals();
  return { nodeId, ownerId: provider.actor.userId, publicKey: nodeId };
}

/** Dispatches beside whoever else does, until the node has every job. */
const allLeased = (nodeId: string) =>
  eventually("The jobs' leases", async () => {
    await dispatchJobs();
    return (await db.jobLease.count({ where: { nodeId } })) >= JOBS;
  });

const silence = (nodeId: string) =>
  pool.query("UPDATE compute_node SET last_seen_at = now() - make_interval(secs => $2) WHERE id = $1", [
    nodeId,
    TIMING.nodeOfflineAfterMs / 1_000 + 1,
  ]);

/** N5 and N6: a node with twenty jobs falls silent; each is queued again once, and its return changes nothing. */
export async function lostJobs({ provider }: FaultWorld): Promise<BenchRow[]> {
  const renter = await newPerson(FUNDS);
  const first = await putRenter(provider);
  const spec = jobSpec.parse({
    command: ["true"],
    resources: { memoryMb: 64, diskMb: 16 },
    pricePerHourMax: "36000000",
    timeLimitSeconds: 60,
  });
  const jobs = await Promise.all(Array.from({ length: JOBS }, () => createJob(renter.actor, spec)));
  await allLeased(first.nodeId);
  const leases = await db.jobLease.findMany({ where: { nodeId: first.nodeId } });
  for (const { id, fence } of leases)
    await reportLease(first, { leaseId: id, fence, events: [{ type: "ready", index: 0 }] });
  await silence(first.nodeId);
  await sweepNodes();
  // Two workers sweep at once.
  await Promise.all([sweepJobs(), sweepJobs()]);
  const offline = (await db.computeNode.findUniqueOrThrow({ where: { id: first.nodeId } })).status === "offline";
  const second = await putRenter(provider);
  await allLeased(second.nodeId);
  const again = await db.jobLease.groupBy({ by: ["jobId"], where: { nodeId: second.nodeId }, _count: true });
  let taken = 0;
  for (const { id, fence } of leases) {
    const result = await reportLease(first, {
      leaseId: id,
      fence,
      events: [{ type: "exited", index: 1, exitCode: 0, reason: null }],
    }).catch(() => null);
    if (result) taken += 1;
  }
  const mine = await db.jobLease.findMany({ where: { nodeId: second.nodeId } });
  for (const { id, fence } of mine)
    await reportLease(second, {
      leaseId: id,
      fence,
      events: [
        { type: "ready", index: 0 },
        { type: "exited", index: 1, exitCode: 0, reason: null },
        { type: "released", index: 2 },
      ],
    });
  const ended = await db.job.count({ where: { id: { in: jobs.map(({ id }) => id) }, status: "succeeded" } });
  const spent = await spentBy(renter, FUNDS);
  return [
    bounded(
      "N5 intervals until a silent node is offline",
      offline ? TIMING.nodeOfflineAfterMs / TIMING.heartbeatEveryMs : Number.POSITIVE_INFINITY,
      "heartbeats",
      "<= 4",
      "offline after 16 s without a sign of life, looked at every 3 s",
    ),
    bounded(
      "N5 jobs queued again exactly once",
      again.filter(({ _count }) => _count === 1).length,
      "of 20",
      `>= ${JOBS}`,
    ),
    bounded("N6 reports of the lost node that were taken", taken, "count", "<= 0"),
    bounded("N6 jobs that the second node ended", ended, "of 20", `>= ${JOBS}`),
    bounded("N6 charged for seconds nobody has anything of", Number(spent), "micro-dollars", "<= 0"),
  ];
}

type Sent = { status: number; ms: number };

/** N10: messages with somebody else's key, with an old one's nonce, with a changed body; and a token used twice. */
export async function forgedNodes({ doors, provider }: FaultWorld): Promise<BenchRow[]> {
  const keys = async () => {
    const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
    return {
      privateKey: pair.privateKey,
      publicKey: toBase64(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey))),
    };
  };
  const state = {
    version: "faults",
    hardware: { cpuModel: "x", cpuCores: 1, memoryBytes: 1, platform: "x", gpus: [] },
    offers: [{ model: "faults/none", inputPrice: "1", outputPrice: "1", contextTokens: 512, canContinue: false }],
    capacity: 1,
  };
  const send = async (
    path: string,
    message: object,
    key: CryptoKey,
    more: { node?: string; nonce?: string; at?: number; body?: string } = {},
  ): Promise<Sent> => {
    const startedAt = performance.now();
    const body = JSON.stringify(message);
    const [timestamp, nonce] = [String(more.at ?? Date.now()), more.nonce ?? newId("request")];
    const response = await fetch(`${doors.url}${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        [NODE_HEADERS.node]: more.node ?? "",
        [NODE_HEADERS.timestamp]: timestamp,
        [NODE_HEADERS.nonce]: nonce,
        [NODE_HEADERS.signature]: await signNodeMessage(key, { method: "POST", path, timestamp, nonce, body }),
      },
      body: more.body ?? body,
    });
    await response.text();
    return { status: response.status, ms: performance.now() - startedAt };
  };
  const [own, other] = [await keys(), await keys()];
  const { token } = await createJoinToken(provider.actor);
  const join = (publicKey: string) => ({ protocol: 1, token, name: "faults", publicKey, ...state });
  const results: [string, number, number[]][] = [];
  const expect = (what: string, sent: Sent, wanted: number[]) => results.push([what, sent.status, wanted]);
  expect(
    "a registration signed by another key",
    await send("/api/worker/join", join(own.publicKey), other.privateKey),
    [401],
  );
  expect("the registration itself", await send("/api/worker/join", join(own.publicKey), own.privateKey), [200]);
  expect(
    "the token used by another machine",
    await send("/api/worker/join", join(other.publicKey), other.privateKey),
    [401],
  );
  const node = (await db.computeNode.findUniqueOrThrow({ where: { publicKey: own.publicKey } })).id;
  const beat = { ...state, draining: false };
  const nonce = newId("request");
  expect("a sign of life", await send("/api/worker/heartbeat", beat, own.privateKey, { node, nonce }), [200]);
  expect("the same one again", await send("/api/worker/heartbeat", beat, own.privateKey, { node, nonce }), [409]);
  expect("one of another key", await send("/api/worker/heartbeat", beat, other.privateKey, { node }), [401]);
  expect(
    "one with a changed body",
    await send("/api/worker/heartbeat", beat, own.privateKey, { node, body: JSON.stringify({ ...beat, capacity: 9 }) }),
    [401],
  );
  expect(
    "one of an hour ago",
    await send("/api/worker/heartbeat", beat, own.privateKey, { node, at: Date.now() - 3_600_000 }),
    [401],
  );
  expect("one of nobody", await send("/api/worker/heartbeat", beat, own.privateKey, { node: newId("node") }), [401]);
  const wrong = results.filter(([, status, wanted]) => !wanted.includes(status));
  await db.computeNode.updateMany({ where: { id: node }, data: { status: "removed" } });
  return [
    bounded(
      "N10 forged, changed and repeated messages answered otherwise than they should be",
      wrong.length,
      "count",
      "<= 0",
      wrong.map(([what, status]) => `${what}: ${status}`).join("; ") || `${round(results.length)} messages`,
    ),
  ];
}
