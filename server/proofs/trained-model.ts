import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Hex } from "viem";
import { z } from "zod";
import { toWord } from "#core/zk/inference-request.ts";
import { commitToModel, isValidModel, type QuantisedMlp } from "#core/zk/mlp.ts";
import { FIELD_ORDER } from "#core/zk/poseidon2.ts";
import { zkFolder } from "./local-srs.ts";

const row = z.array(z.int());
const modelSchema = z
  .strictObject({
    hiddenWeights: z.array(row),
    hiddenBiases: row,
    hiddenShift: z.int(),
    outputWeights: row,
    outputBias: z.int(),
    outputShift: z.int(),
  })
  .refine(isValidModel, "The weights leave the ranges of the circuit.");
const metricsSchema = z.object({ accuracyFloat: z.number(), accuracyQuantised: z.number() });
const secretSchema = z.strictObject({ name: z.string(), salt: z.string().regex(/^\d+$/), model: modelSchema });

/** A model's weights with the salt of its commitment: what its owner keeps to themselves. */
export type TrainedModel = { name: string; salt: bigint; model: QuantisedMlp; commitment: Hex };

const modelFolder = (name: string) => resolve(import.meta.dirname, "..", "..", "models", name);
const secretFolder = () => join(zkFolder(), "models");

/** What the training of a model reported. */
export const readMetrics = (name: string) =>
  metricsSchema.parse(JSON.parse(readFileSync(join(modelFolder(name), "metrics.json"), "utf8")));

/** The weights as this repository ships them. */
export const readShippedWeights = (name: string): QuantisedMlp =>
  modelSchema.parse(JSON.parse(readFileSync(join(modelFolder(name), "weights.json"), "utf8")));

/** A uniform element of the field: 64 bytes more than enough make the bias of the remainder negligible. */
export const randomField = (): bigint => BigInt(`0x${randomBytes(64).toString("hex")}`) % FIELD_ORDER;

const readSecret = (secret: z.infer<typeof secretSchema>): TrainedModel => {
  const salt = BigInt(secret.salt);
  return { name: secret.name, salt, model: secret.model, commitment: toWord(commitToModel(secret.model, salt)) };
};

/** The committed model behind a public commitment, or null when this installation does not hold it. */
export function findTrainedModel(commitment: string): TrainedModel | null {
  const path = join(secretFolder(), `${commitment}.json`);
  if (!/^0x[0-9a-f]{64}$/.test(commitment) || !existsSync(path)) return null;
  const trained = readSecret(secretSchema.parse(JSON.parse(readFileSync(path, "utf8"))));
  // A file that was altered is not the model that was committed to.
  return trained.commitment === commitment ? trained : null;
}

/**
 * This installation's commitment to the shipped weights, with a salt drawn on first use.
 *
 * Weights are kept beside the salt under their commitment, so that a retrained model leaves the proofs asked of
 * the old one provable.
 */
export function ensureTrainedModel(name: string): TrainedModel {
  const model = readShippedWeights(name);
  const saltPath = join(secretFolder(), `${name}.salt`);
  mkdirSync(secretFolder(), { recursive: true, mode: 0o700 });
  if (!existsSync(saltPath)) writeWhole(saltPath, randomField().toString());
  const salt = readFileSync(saltPath, "utf8");
  const trained = readSecret({ name, salt, model });
  const path = join(secretFolder(), `${trained.commitment}.json`);
  if (!existsSync(path)) writeWhole(path, JSON.stringify({ name, salt, model }));
  return trained;
}

function writeWhole(path: string, text: string): void {
  const partial = `${path}.partial-${process.pid}`;
  writeFileSync(partial, text, { mode: 0o600 });
  renameSync(partial, path);
}
