import { DomainError } from "#core/errors.ts";
import { type JobView, jobSpec } from "#core/schemas/job.ts";
import { type CreateTrainingInput, TRAIN_COMMAND, TRAIN_FILES } from "#core/schemas/training.ts";
import { pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { readBlob } from "./blob-store.ts";
import { createJob } from "./create-job.ts";

const HEADER_BYTES_MAX = 65_536;

/** Trains a small classifier on one of the caller's files: a job like any other, whose program the nodes bring along. */
export async function createTraining(actor: Actor, input: CreateTrainingInput): Promise<JobView> {
  await assertColumn(actor, input);
  const spec = jobSpec.parse({
    name: input.name,
    command: [
      TRAIN_COMMAND,
      ...["--csv", "data.csv", "--label", input.label],
      ...["--hidden", String(input.hidden), "--epochs", String(input.epochs), "--seed", String(input.seed)],
    ],
    resources: { cpuCores: input.cpuCores, memoryMb: input.memoryMb, diskMb: 1_024 },
    timeLimitSeconds: input.timeLimitSeconds,
    pricePerHourMax: input.pricePerHourMax,
    inputs: [{ path: "data.csv", blob: input.csv }],
    artifacts: [...TRAIN_FILES],
    checkpointPath: "checkpoint.json",
  });
  return createJob(actor, spec);
}

/** A wrong column is said now, not after a node was rented. */
async function assertColumn(actor: Actor, { csv, label }: CreateTrainingInput): Promise<void> {
  const rows = await sqlOf(pool).query("SELECT 1 FROM blob_owner WHERE hash = $1 AND user_id = $2", [
    csv,
    actor.userId,
  ]);
  if (rows.length === 0) throw new DomainError("BLOB_NOT_FOUND", { param: "csv", blob: csv });
  const { body } = await readBlob(csv);
  let head = Buffer.alloc(0);
  for await (const chunk of body) {
    head = Buffer.concat([head, chunk]);
    if (head.includes(10) || head.length > HEADER_BYTES_MAX) break;
  }
  const [line = ""] = head.toString("utf8").split(/\r?\n/, 1);
  const columns = line.split(",").map((name) => name.trim().replace(/^"(.*)"$/, "$1"));
  if (columns.length < 2)
    throw new DomainError("VALIDATION_FAILED", {
      param: "csv",
      message: "The file's first line is no header with two columns or more, separated by commas.",
    });
  if (!columns.includes(label))
    throw new DomainError("VALIDATION_FAILED", {
      param: "label",
      message: `The file has no column "${label}". It has: ${columns.slice(0, 20).join(", ")}.`,
    });
}
