import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import {
  accuracy,
  createNetwork,
  createOptimiser,
  createRandom,
  type Examples,
  foldScaling,
  type Network,
  type Optimiser,
  trainEpoch,
} from "./classifier.ts";
import { readTable, type Table, TableError } from "./read-table.ts";
import { writeOnnx } from "./write-onnx.ts";

// converge-train: trains a small classifier on a CSV and writes it as ONNX. Goes on from checkpoint.json when it is there.

const CHECKPOINT = "checkpoint.json";
const CHECKPOINT_EVERY = 5;
const TEST_SHARE = 0.2;

type Saved = { epoch: number; parameters: number[][]; first: number[][]; second: number[][]; step: number };

const { values } = parseArgs({
  options: {
    csv: { type: "string", default: "data.csv" },
    label: { type: "string", default: "label" },
    hidden: { type: "string", default: "16" },
    epochs: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
  },
});
const settings = { hidden: Number(values.hidden), epochs: Number(values.epochs), seed: Number(values.seed) };

const say = (line: string) => process.stdout.write(`${line}\n`);

/** Written beside and renamed, so that a node lost in the middle leaves a whole one. */
async function write(file: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

/** The mean and the deviation of each column; a column that never changes keeps its scale. */
function scaling(rows: readonly Float64Array[], columns: number) {
  const mean = new Float64Array(columns);
  const deviation = new Float64Array(columns);
  for (const row of rows) for (let i = 0; i < columns; i += 1) mean[i] = (mean[i] ?? 0) + (row[i] ?? 0) / rows.length;
  for (const row of rows)
    for (let i = 0; i < columns; i += 1)
      deviation[i] = (deviation[i] ?? 0) + ((row[i] ?? 0) - (mean[i] ?? 0)) ** 2 / rows.length;
  return { mean, deviation: deviation.map((value) => (value > 0 ? Math.sqrt(value) : 1)) };
}

/** Every fifth row, by chance of the seed, is kept apart to judge by. */
function split(
  { features, classes }: Table,
  mean: Float64Array,
  deviation: Float64Array,
  seed: number,
): { learn: Examples; test: Examples } {
  const random = createRandom(seed ^ 0x5eed);
  const scaled = features.map((row) => row.map((value, i) => (value - (mean[i] ?? 0)) / (deviation[i] ?? 1)));
  const isTest = features.map(() => random() < TEST_SHARE);
  const pick = (wanted: boolean): Examples => ({
    inputs: scaled.filter((_, i) => isTest[i] === wanted),
    classes: classes.filter((_, i) => isTest[i] === wanted),
  });
  return { learn: pick(false), test: pick(true) };
}

const partsOf = ({ w1, b1, w2, b2 }: Network): Float64Array[] => [w1, b1, w2, b2];

async function resume(network: Network, optimiser: Optimiser): Promise<number> {
  if (!existsSync(CHECKPOINT)) return 0;
  const saved = JSON.parse(await readFile(CHECKPOINT, "utf8")) as Saved;
  for (const [i, part] of partsOf(network).entries()) part.set(saved.parameters[i] ?? []);
  for (const [i, part] of optimiser.first.entries()) part.set(saved.first[i] ?? []);
  for (const [i, part] of optimiser.second.entries()) part.set(saved.second[i] ?? []);
  optimiser.step = saved.step;
  say(`Going on after epoch ${saved.epoch}.`);
  return saved.epoch;
}

const save = (epoch: number, network: Network, { first, second, step }: Optimiser) => {
  const lists = (parts: readonly Float64Array[]) => parts.map((part) => [...part]);
  const saved: Saved = { epoch, parameters: lists(partsOf(network)), first: lists(first), second: lists(second), step };
  return write(CHECKPOINT, JSON.stringify(saved));
};

async function main(): Promise<void> {
  const table = readTable(await readFile(values.csv, "utf8"), values.label);
  const { mean, deviation } = scaling(table.features, table.columns.length);
  const { learn, test } = split(table, mean, deviation, settings.seed);
  say(`${table.features.length} rows, ${table.columns.length} columns, ${table.labels.length} classes.`);
  const network = createNetwork(
    table.columns.length,
    settings.hidden,
    table.labels.length,
    createRandom(settings.seed),
  );
  const optimiser = createOptimiser(network);
  let loss = 0;
  for (let epoch = (await resume(network, optimiser)) + 1; epoch <= settings.epochs; epoch += 1) {
    // Each epoch has its own order, so that one that goes on later trains as if it had never stopped.
    loss = trainEpoch(network, optimiser, learn, createRandom(settings.seed + epoch));
    if (epoch % CHECKPOINT_EVERY === 0 || epoch === settings.epochs) {
      await save(epoch, network, optimiser);
      say(
        `epoch ${epoch} of ${settings.epochs}: loss ${loss.toFixed(4)}, accuracy ${accuracy(network, test).toFixed(4)}`,
      );
    }
  }
  const whole = foldScaling(network, mean, deviation);
  const onnx = writeOnnx(whole, `Classifies ${values.label} by ${table.columns.join(", ")}.`.slice(0, 2_000));
  await write(
    "labels.json",
    `${JSON.stringify({ label: values.label, classes: table.labels, columns: table.columns }, null, 2)}\n`,
  );
  await write("model.onnx", onnx);
  const metrics = {
    rows: table.features.length,
    testRows: test.inputs.length,
    epochs: settings.epochs,
    loss,
    accuracy: accuracy(network, test),
    trainAccuracy: accuracy(network, learn),
    onnxBytes: onnx.length,
  };
  await write("metrics.json", `${JSON.stringify(metrics, null, 2)}\n`);
  say(`Done: accuracy ${metrics.accuracy.toFixed(4)} on ${test.inputs.length} rows it was not trained on.`);
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof TableError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(error instanceof TableError ? 2 : 1);
});
