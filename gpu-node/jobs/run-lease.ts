import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { jobPath } from "../../core/schemas/job.ts";
import type { LeaseOrder, RentalOffer } from "../../core/schemas/job-protocol.ts";
import type { Platform } from "../platform.ts";
import { ensureFolderOf, isOwn, pack, unpack } from "./archive.ts";
import { createLeaseReporter, type LeaseReporter } from "./lease-reporter.ts";
import { GRACE_MS, JobTrouble, type Runner, type RunningTask } from "./runner.ts";

const METRICS_EVERY_MS = 5_000;
const CHECKPOINT_LOOK_MS = 1_000;
const ARTIFACTS_MAX = 1_000;

export type JobParts = {
  platform: Platform;
  runners: readonly Runner[];
  /** What this node rents out: an order beyond it is not carried out, whoever gives it. */
  offer: () => Promise<RentalOffer | null>;
  /** Below it every lease has a folder while it is worked on. */
  folder: string;
  say: (line: string) => void;
};

export type LeaseWork = {
  done: Promise<void>;
  /** The platform wants nothing of it any more: end it and forget it. */
  forget: () => void;
  /** The node is ending: give the job back, from its newest checkpoint. */
  giveBack: () => void;
};

/** Does a lease from its inputs to its artifacts, and leaves nothing of it on this machine. */
export function startLease(parts: JobParts, order: LeaseOrder): LeaseWork {
  let task: RunningTask | null = null;
  let isForgotten = false;
  let isGivenBack = false;
  const end = (graceMs: number) => void task?.stop(graceMs).catch(() => undefined);
  const forget = () => {
    isForgotten = true;
    end(0);
  };
  const reporter = createLeaseReporter(parts, { leaseId: order.leaseId, fence: order.fence }, forget);
  const folder = join(parts.folder, order.leaseId);
  const job = join(folder, "job");

  async function work(): Promise<void> {
    const runner = parts.runners.find(({ name }) => name === order.runner);
    if (!runner) throw new JobTrouble(`This node has no ${order.runner} any more.`);
    assertOffered(order, await parts.offer());
    if (order.network === "internet" && !runner.hasNetwork)
      throw new JobTrouble(`Jobs under ${runner.name} get no network here.`);
    await prepare(parts.platform, order, folder, job);
    if (isForgotten) return;
    if (isGivenBack) return reporter.push({ type: "failed", message: "The node is ending.", canRetry: true });
    task = await runner.start({ ...order, folder: job }, ({ stream, text }) => reporter.log(stream, text));
    // Ended while it was being started, when there was nothing to end yet.
    if (isForgotten || isGivenBack) end(0);
    await task.ready;
    if (!isForgotten && !isGivenBack) reporter.push({ type: "ready" });
    const stopWatching = watchTask(parts.platform, order, { task, folder, job, reporter });
    const exit = await task.exit;
    if (exit.isLost) {
      await stopWatching();
      throw new JobTrouble("The cluster lost the machine it ran on.");
    }
    // The meter stops with the program: bringing its last checkpoint up is not the renter's to pay.
    if (!isForgotten && !isGivenBack) reporter.push({ type: "exited", exitCode: exit.exitCode, reason: exit.reason });
    await stopWatching();
    if (isForgotten) return;
    if (isGivenBack) return reporter.push({ type: "failed", message: "The node is ending.", canRetry: true });
    await deliver(parts.platform, order, { job, reporter });
  }

  const done = work()
    .catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      parts.say(`${order.jobId} failed: ${message}`);
      reporter.push({ type: "failed", message: message.slice(0, 500), canRetry: error instanceof JobTrouble });
      end(0);
    })
    .then(() => reporter.end())
    .finally(() => removeFolder(folder));
  return {
    done,
    forget,
    giveBack: () => {
      isGivenBack = true;
      end(GRACE_MS);
    },
  };
}

/** What the node itself offers is its own to hold: it does not lean on the platform to ask for no more. */
function assertOffered({ network, resources }: LeaseOrder, offer: RentalOffer | null): void {
  if (!offer) throw new JobTrouble("This node takes no jobs any more.");
  if (network === "internet" && !offer.allowsNetwork) throw new JobTrouble("This node gives jobs no network.");
  const { cpuCores, memoryMb, diskMb } = resources;
  if (cpuCores > offer.cpuCores || memoryMb > offer.memoryMb || diskMb > offer.diskMb)
    throw new JobTrouble("The job wants more than this node rents out.");
}

/** A job may have taken rights away from its own files, and made paths that are too long to be named at once. */
async function removeFolder(folder: string): Promise<void> {
  const isGone = await rm(folder, { recursive: true, force: true }).then(
    () => true,
    () => false,
  );
  if (isGone) return;
  const run = promisify(execFile);
  await run("chmod", ["-R", "u+rwX", "--", folder], { timeout: 60_000 }).catch(() => undefined);
  await run("rm", ["-rf", "--", folder], { timeout: 60_000 }).catch(() => undefined);
}

/** A file that could not be fetched or brought may be there for another node, or later. */
const transfer = <Result>(work: Promise<Result>): Promise<Result> =>
  work.catch((cause: unknown) => {
    throw new JobTrouble(cause instanceof Error ? cause.message : String(cause), { cause });
  });

/** Brings in what the job takes, each file checked against its name. */
async function prepare(platform: Platform, order: LeaseOrder, folder: string, job: string): Promise<void> {
  await removeFolder(folder);
  await mkdir(job, { recursive: true, mode: 0o755 });
  for (const { path, blob, bytes } of order.inputs) {
    const target = join(job, jobPath.parse(path));
    await ensureFolderOf(target);
    await transfer(platform.download(blob, target, bytes));
  }
  if (order.checkpoint) {
    const archive = join(folder, "checkpoint.tar");
    await transfer(platform.download(order.checkpoint.blob, archive, order.checkpoint.bytes));
    await unpack(archive, job);
    await rm(archive);
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return `sha256:${hash.digest("hex")}`;
}

async function upload(platform: Platform, order: LeaseOrder, path: string): Promise<{ blob: string; bytes: number }> {
  const blob = await hashOf(path);
  const { size } = await stat(path);
  await transfer(platform.upload(blob, path, { leaseId: order.leaseId, fence: order.fence }));
  return { blob, bytes: size };
}

type Watched = { task: RunningTask; folder: string; job: string; reporter: LeaseReporter };

/** Reports what the job uses, and brings its checkpoint up whenever it has changed. */
function watchTask(
  platform: Platform,
  order: LeaseOrder,
  { task, folder, job, reporter }: Watched,
): () => Promise<void> {
  const metrics = setInterval(async () => {
    const usage = await task.usage().catch(() => null);
    if (usage) reporter.push({ type: "metrics", metrics: usage });
  }, METRICS_EVERY_MS);
  let isOver = false;
  let seen = 0;
  const bringUp = async () => {
    const path = order.checkpointPath;
    if (path === null) return;
    if (!(await isOwn(job, path))) return;
    const changedAt = await newestChange(join(job, path));
    if (changedAt <= seen) return;
    const archive = join(folder, "checkpoint.tar");
    if (!(await pack(job, path, archive))) return;
    // One that was written to while it was packed is taken at the next look.
    if ((await newestChange(join(job, path))) !== changedAt) return;
    reporter.push({ type: "checkpoint", ...(await upload(platform, order, archive)) });
    seen = changedAt;
    await rm(archive, { force: true });
  };
  const looking = (async () => {
    while (!isOver) {
      await bringUp().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, CHECKPOINT_LOOK_MS));
    }
  })();
  return async () => {
    clearInterval(metrics);
    isOver = true;
    await looking;
    // What was written last is what the next node begins with.
    await bringUp().catch(() => undefined);
  };
}

/** When a file, or the newest one in a folder, was changed; 0 when nothing is there. */
async function newestChange(path: string): Promise<number> {
  const there = await lstat(path).catch(() => null);
  if (!there) return 0;
  if (!there.isDirectory()) return there.mtimeMs;
  const entries = await readdir(path).catch(() => []);
  const times = await Promise.all(entries.map((name) => newestChange(join(path, name))));
  return Math.max(there.mtimeMs, ...times);
}

type Ended = { job: string; reporter: LeaseReporter };

/** Brings up what it made. Nothing of the job runs any more, so what was looked at is what is read. */
async function deliver(platform: Platform, order: LeaseOrder, { job, reporter }: Ended): Promise<void> {
  for (const path of await listArtifacts(job, order.artifacts)) {
    const file = join(job, path);
    reporter.push({ type: "artifact", path, ...(await upload(platform, order, file)) });
  }
  reporter.push({ type: "released" });
}

/** The files that were asked for and are there, as files: a link could lead out of the job's folder. */
async function listArtifacts(job: string, wanted: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const take = async (path: string): Promise<void> => {
    if (!(await isOwn(job, path))) return;
    const there = await lstat(join(job, path)).catch(() => null);
    if (there?.isFile() && jobPath.safeParse(path).success && found.length < ARTIFACTS_MAX) found.push(path);
    if (!there?.isDirectory()) return;
    for (const name of (await readdir(join(job, path))).sort()) await take(join(path, name));
  };
  for (const path of wanted) await take(path.replace(/\/+$/, ""));
  return [...new Set(found)];
}
