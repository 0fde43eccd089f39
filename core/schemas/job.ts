import { z } from "zod";
import { idPattern } from "../ids.ts";
import { pageOf } from "./page.ts";

/** A decimal number of micro-dollars, as text. */
const units = z.string().regex(/^(0|[1-9][0-9]{0,17})$/, "An amount is a whole number of micro-dollars, as text.");

/** Content is named by its SHA-256, so that the same bytes are stored once and nothing can change under a name. */
export const blobId = z.string().regex(/^sha256:[0-9a-f]{64}$/, "A blob is named sha256: and 64 hexadecimal digits.");

/**
 * A path inside the job's own folder: relative, without `..`, without control characters. The same rule holds at the
 * door, on the node before anything is written, and for what comes back.
 */
export const jobPath = z
  .string()
  .min(1)
  .max(240)
  .refine(
    (path) =>
      !path.startsWith("/") &&
      !/[\p{Cc}\\]/u.test(path) &&
      !path.split("/").some((part) => part === "." || part === ".."),
    "A path is relative to the job's folder, without '..', backslashes or control characters.",
  );

const noNul = z
  .string()
  .max(4096)
  .regex(/^[^\0]*$/, "NUL is not allowed.");

export const RUNNERS = ["bubblewrap", "podman", "slurm", "kubernetes"] as const;
/** What keeps a job apart from its host, named after the program that does. */
export const runnerName = z.enum(RUNNERS);
export type RunnerName = z.infer<typeof runnerName>;

export const JOB_TIME_SECONDS_MAX = 7 * 24 * 60 * 60;

export const jobResources = z.strictObject({
  cpuCores: z.number().int().min(1).max(1024).default(1),
  memoryMb: z.number().int().min(64).max(8_000_000).default(1024),
  diskMb: z.number().int().min(16).max(8_000_000).default(1024),
  gpuCount: z.number().int().min(0).max(64).default(0),
  /** A part of the GPU's name as its driver says it, in any case: "H100" fits "NVIDIA H100 80GB HBM3". */
  gpuModel: z.string().trim().min(2).max(80).nullish(),
  /** Memory of each GPU at least. */
  gpuMemoryMb: z.number().int().min(1).max(2_000_000).nullish(),
});
export type JobResources = z.output<typeof jobResources>;

/** What a job is: what to run, with what, how long, for how much, what goes in and what comes out. */
export const jobSpec = z.strictObject({
  name: z.string().trim().min(1).max(80).default("job"),
  /** The program and its arguments, not a shell line: write ["sh", "-c", "…"] for one. */
  command: z.array(noNul).min(1).max(64),
  /** An OCI image, for runners that have images. Without one the job sees the node's own programs, read-only. */
  image: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._/-]*(?::[\w][\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/, "This is not an image reference.")
    .max(300)
    .nullish(),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/), noNul).default({}),
  resources: jobResources.prefault({}),
  /** Nothing is reachable from a job unless it asks. */
  network: z.enum(["none", "internet"]).default("none"),
  timeLimitSeconds: z.number().int().min(1).max(JOB_TIME_SECONDS_MAX).default(3600),
  /** The most an hour of the whole job may cost, in micro-dollars. */
  pricePerHourMax: units,
  inputs: z
    .array(z.strictObject({ path: jobPath, blob: blobId }))
    .max(64)
    .default([]),
  /** Files to bring back when the job ends well, relative to its folder. A name that ends in "/" brings the folder. */
  artifacts: z.array(jobPath).max(64).default([]),
  /** A file or folder that is brought up whenever it changes, and is there again when the job goes on elsewhere. */
  checkpointPath: jobPath.nullish(),
  region: z
    .string()
    .regex(/^[a-z0-9-]{2,32}$/)
    .nullish(),
  runners: z.array(runnerName).min(1).max(4).nullish(),
  nodeId: z.string().regex(idPattern("node")).nullish(),
  /** Only nodes that passed the platform's hardware challenges, or that show evidence of a trusted environment. */
  trust: z.enum(["any", "verified", "attested"]).default("any"),
});
export type JobSpec = z.output<typeof jobSpec>;
export type JobSpecInput = z.input<typeof jobSpec>;

/**
 * What the meter does, as a status. Only `running` costs money.
 *
 * queued: no node has it yet · starting: a node prepares it · running: it runs and is metered by the second ·
 * delivering: it ended, its artifacts are on their way · succeeded, failed, cancelled: it is over.
 */
export const JOB_STATUSES = [
  "queued",
  "starting",
  "running",
  "delivering",
  "succeeded",
  "failed",
  "cancelled",
] as const;
export const jobStatus = z.enum(JOB_STATUSES);
export type JobStatus = z.infer<typeof jobStatus>;
export const isJobOver = (status: JobStatus): boolean =>
  status === "succeeded" || status === "failed" || status === "cancelled";

/** Why a job ended as it did; null while it goes on and when it succeeded. */
export const jobEndReason = z.enum([
  "exit-code",
  "time-limit",
  "memory-limit",
  "disk-limit",
  "start-failed",
  "artifact-missing",
  "node-lost",
  "cancelled",
  "not-matched",
]);
export type JobEndReason = z.infer<typeof jobEndReason>;

export const leaseView = z.object({
  id: z.string(),
  nodeId: z.string(),
  runner: runnerName,
  /** Rises with every lease of a job; only the newest may speak for it. */
  fence: z.number().int(),
  pricePerHour: units,
  status: z.enum(["starting", "running", "delivering", "ended", "lost"]),
  startedAt: z.string(),
  readyAt: z.string().nullable(),
  releasedAt: z.string().nullable(),
  billedSeconds: z.number().int(),
  charged: units,
});
export type LeaseView = z.infer<typeof leaseView>;

export const artifactView = z.object({ path: z.string(), blob: blobId, bytes: z.number().int() });

export const jobView = z.object({
  object: z.literal("job"),
  id: z.string(),
  name: z.string(),
  status: jobStatus,
  endReason: jobEndReason.nullable(),
  exitCode: z.number().int().nullable(),
  spec: jobSpec,
  asset: z.literal("USD"),
  /** The most it can cost, set aside when it was made. */
  reserved: units,
  /** What it has cost so far. */
  charged: units,
  pricePerHour: units.nullable(),
  billedSeconds: z.number().int(),
  leases: z.array(leaseView),
  artifacts: z.array(artifactView),
  checkpointAt: z.string().nullable(),
  /** Why no node takes it, while it is queued. */
  waitingFor: z.string().nullable(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
});
export type JobView = z.infer<typeof jobView>;
export const jobsOutput = pageOf(jobView.omit({ leases: true, artifacts: true }));

export const jobIdInput = z.strictObject({ id: z.string().regex(idPattern("job")) });

/** One piece of what a job wrote; `at` counts bytes from its beginning, so a reader can go on where it was. */
export const jobLog = z.object({
  at: z.number().int(),
  text: z.string(),
  stream: z.enum(["stdout", "stderr", "node"]),
});
export const jobMetrics = z.object({
  at: z.string(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  gpuPercent: z.number().nullable(),
  gpuMemoryBytes: z.number().nullable(),
});
export type JobMetrics = z.infer<typeof jobMetrics>;

/** One node's distance from a spec: which demands it does not meet and what it would cost. */
export const nearOffer = z.object({
  nodeId: z.string(),
  nodeName: z.string(),
  pricePerHour: units,
  misses: z.array(z.object({ field: z.string(), wanted: z.string(), offered: z.string(), relax: z.string() })),
});
export type NearOffer = z.infer<typeof nearOffer>;
/** The answer to "why was I not matched", and to "what would this cost" before anything is set aside. */
export const jobQuote = z.object({
  fits: z.number().int(),
  busy: z.number().int(),
  cheapest: z.object({ nodeId: z.string(), pricePerHour: units, mostCost: units }).nullable(),
  nearest: z.array(nearOffer),
});
export type JobQuote = z.infer<typeof jobQuote>;
