import { z } from "zod";
import { blobId, jobMetrics, jobPath, jobResources, runnerName } from "./job.ts";

/**
 * What a node and the platform say to each other about jobs; signed like everything else a node says.
 *
 * A lease arrives with a poll. The node then reports to `POST /api/worker/lease` in the order of its indexes, fetches
 * inputs from `GET /api/worker/blobs/{sha256}` and brings files to `PUT /api/worker/blobs/{sha256}`. Each message names
 * the lease and its fence: once the platform gave the job to another node, the older fence is refused (`LEASE_STALE`),
 * the node kills the work and forgets it.
 */
const decimal = z.string().regex(/^(0|[1-9][0-9]{0,17})$/);

/** What a node rents out besides models. Prices are micro-dollars an hour. */
export const rentalOffer = z.strictObject({
  runners: z.array(runnerName).min(1).max(4),
  cpuCores: z.number().int().min(1).max(1_000_000),
  memoryMb: z.number().int().min(64),
  diskMb: z.number().int().min(16),
  gpus: z
    .array(
      z.strictObject({
        model: z.string().min(1).max(120),
        memoryMb: z.number().int().min(1),
        count: z.number().int().min(1).max(100_000),
      }),
    )
    .max(32),
  allowsNetwork: z.boolean(),
  hasImages: z.boolean(),
  pricePerCoreHour: decimal,
  pricePerGpuHour: decimal,
  region: z
    .string()
    .regex(/^[a-z0-9-]{2,32}$/)
    .nullable(),
  /** Jobs at a time, whatever their size; a cluster behind one node has many. */
  jobsMax: z.number().int().min(1).max(100_000),
});
export type RentalOffer = z.infer<typeof rentalOffer>;

export const leaseOrder = z.object({
  leaseId: z.string(),
  jobId: z.string(),
  fence: z.number().int(),
  runner: runnerName,
  command: z.array(z.string()),
  image: z.string().nullable(),
  env: z.record(z.string(), z.string()),
  resources: jobResources,
  network: z.enum(["none", "internet"]),
  /** Seconds of running that are left of the job's limit. */
  timeLimitSeconds: z.number().int(),
  inputs: z.array(z.object({ path: jobPath, blob: blobId, bytes: z.number().int() })),
  artifacts: z.array(jobPath),
  checkpointPath: jobPath.nullable(),
  /** The newest checkpoint of an earlier lease: a tar archive of `checkpointPath`, relative to the job's folder. */
  checkpoint: z.object({ blob: blobId, bytes: z.number().int() }).nullable(),
});
export type LeaseOrder = z.infer<typeof leaseOrder>;

const index = z.number().int().nonnegative();
export const LOG_PIECE_CHARACTERS_MAX = 8_000;

export const leaseEvent = z.discriminatedUnion("type", [
  /** The program runs: the meter starts when the platform receives this. */
  z.strictObject({ type: z.literal("ready"), index }),
  z.strictObject({
    type: z.literal("log"),
    index,
    stream: z.enum(["stdout", "stderr", "node"]),
    text: z.string().max(LOG_PIECE_CHARACTERS_MAX),
  }),
  z.strictObject({ type: z.literal("metrics"), index, metrics: jobMetrics.omit({ at: true }) }),
  /** Uploaded before it is named here. */
  z.strictObject({ type: z.literal("checkpoint"), index, blob: blobId, bytes: z.number().int().nonnegative() }),
  z.strictObject({
    type: z.literal("artifact"),
    index,
    path: jobPath,
    blob: blobId,
    bytes: z.number().int().nonnegative(),
  }),
  /** The program ended: the meter stops when the platform receives this. `reason` is null when it ended by itself. */
  z.strictObject({
    type: z.literal("exited"),
    index,
    exitCode: z.number().int().nullable(),
    reason: z.enum(["time-limit", "memory-limit", "disk-limit", "cancelled"]).nullable(),
  }),
  /** It never ran, or the node cannot go on with it. */
  z.strictObject({ type: z.literal("failed"), index, message: z.string().max(500), canRetry: z.boolean() }),
  /** Everything was delivered; the lease is over and nothing of it is left on the node. */
  z.strictObject({ type: z.literal("released"), index }),
]);
export type LeaseEvent = z.infer<typeof leaseEvent>;

export const leaseReport = z.strictObject({
  leaseId: z.string().max(80),
  fence: z.number().int(),
  events: z.array(leaseEvent).max(200),
});
/** `next` is the index the platform waits for, so that a node that restarts knows what arrived. */
export const leaseReply = z.object({ next: z.number().int(), stop: z.boolean() });

/** Signed in place of a body, so that an upload's bytes need not be held to be checked. */
export const blobUploadHeader = z.object({ leaseId: z.string().max(80), fence: z.number().int() });
export const blobUploadReply = z.object({ blob: blobId, bytes: z.number().int() });
