import { z } from "zod";
import { blobId } from "./job.ts";

const units = z.string().regex(/^[1-9][0-9]{0,17}$/, "A whole number of micro-dollars, as text.");

/** What the built-in template trains: a classifier with one hidden layer, on a CSV with a header. */
export const createTrainingInput = z.strictObject({
  name: z.string().trim().min(1).max(80).default("train"),
  csv: blobId,
  /** The column that is to be told from the others. */
  label: z.string().min(1).max(200),
  hidden: z.number().int().min(2).max(256).default(16),
  epochs: z.number().int().min(1).max(2_000).default(60),
  seed: z.number().int().min(0).max(4_294_967_295).default(1),
  cpuCores: z.number().int().min(1).max(64).default(1),
  memoryMb: z.number().int().min(256).max(65_536).default(1_024),
  timeLimitSeconds: z.number().int().min(10).max(86_400).default(900),
  pricePerHourMax: units,
});
export type CreateTrainingInput = z.output<typeof createTrainingInput>;

/** The program that nodes provide for it, and the files it leaves. */
export const TRAIN_COMMAND = "converge-train";
export const TRAIN_FILES = ["model.onnx", "metrics.json", "labels.json"] as const;
