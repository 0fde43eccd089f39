/**
 * Trains the event scorer and writes its weights and its model card: `node models/event-scorer/train.ts`.
 * The same seed gives the same bytes. Takes a few seconds.
 */
import { writeFileSync } from "node:fs";
import { featuresOf } from "../../core/zk/event-features.ts";
import { FEATURE_COUNT, HIDDEN_COUNT, isValidModel, type QuantisedMlp, scoreMlp } from "../../core/zk/mlp.ts";
import { type Random, seededRandom } from "./random.ts";
import { humanTrace, SCRIPT_FAMILIES, scriptTrace } from "./traces.ts";

const SEED = 20261122;
const TRAIN_COUNT = 12_000;
const TEST_COUNT = 4_000;
const EPOCHS = 30;
/** Score points per unit of log odds; 128 is even odds. */
const POINTS_PER_LOGIT = 24;

type Sample = { features: number[]; isHuman: boolean; family: string };
type FloatMlp = { w1: number[][]; b1: number[]; w2: number[]; b2: number };

function makeSamples(random: Random, count: number): Sample[] {
  return Array.from({ length: count }, (_, i) => {
    const length = random.integer(16, 96);
    if (i % 2 === 0) return { features: featuresOf(humanTrace(random, length)), isHuman: true, family: "human" };
    const family = SCRIPT_FAMILIES[Math.floor(i / 2) % SCRIPT_FAMILIES.length] ?? "metronome";
    return { features: featuresOf(scriptTrace(family, random, length)), isHuman: false, family };
  });
}

const inputsOf = (sample: Sample) => sample.features.map((feature) => feature / 255);

function hiddenOf(model: FloatMlp, x: readonly number[]): number[] {
  return model.w1.map((row, j) =>
    Math.max(
      0,
      row.reduce((sum, w, i) => sum + w * (x[i] ?? 0), model.b1[j] ?? 0),
    ),
  );
}

function logitOf(model: FloatMlp, x: readonly number[]): number {
  const hidden = hiddenOf(model, x);
  return model.w2.reduce((sum, w, j) => sum + w * (hidden[j] ?? 0), model.b2);
}

/** Adam over one flat vector of parameters: weights of unit j, its bias, its output weight, then the output bias. */
function train(random: Random, samples: Sample[]): FloatMlp {
  const stride = FEATURE_COUNT + 2;
  const size = HIDDEN_COUNT * stride + 1;
  const p = Float64Array.from({ length: size }, () => random.normal() * 0.35);
  const m = new Float64Array(size);
  const v = new Float64Array(size);
  const g = new Float64Array(size);
  const xs = samples.map(inputsOf);
  let step = 0;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    const rate = 0.01 * (1 - epoch / EPOCHS) + 0.0005;
    for (let start = 0; start < samples.length; start += 32) {
      g.fill(0);
      for (let n = 0; n < 32; n++) {
        const index = random.integer(0, samples.length - 1);
        const sample = samples[index];
        const x = xs[index];
        if (sample && x) accumulate(p, g, x, sample.isHuman ? 1 : 0, stride);
      }
      step++;
      for (let k = 0; k < size; k++) {
        const gradient = (g[k] ?? 0) / 32 + 1e-4 * (p[k] ?? 0);
        m[k] = 0.9 * (m[k] ?? 0) + 0.1 * gradient;
        v[k] = 0.999 * (v[k] ?? 0) + 0.001 * gradient * gradient;
        const corrected = (m[k] ?? 0) / (1 - 0.9 ** step) / (Math.sqrt((v[k] ?? 0) / (1 - 0.999 ** step)) + 1e-8);
        p[k] = (p[k] ?? 0) - rate * corrected;
      }
    }
  }
  const rows = Array.from({ length: HIDDEN_COUNT }, (_, j) => [...p.subarray(j * stride, (j + 1) * stride)]);
  return {
    w1: rows.map((row) => row.slice(0, FEATURE_COUNT)),
    b1: rows.map((row) => row[FEATURE_COUNT] ?? 0),
    w2: rows.map((row) => row[FEATURE_COUNT + 1] ?? 0),
    b2: p[size - 1] ?? 0,
  };
}

function accumulate(p: Float64Array, g: Float64Array, x: number[], target: number, stride: number) {
  const hidden = new Float64Array(HIDDEN_COUNT);
  let logit = p[p.length - 1] ?? 0;
  for (let j = 0; j < HIDDEN_COUNT; j++) {
    let sum = p[j * stride + FEATURE_COUNT] ?? 0;
    for (let i = 0; i < FEATURE_COUNT; i++) sum += (p[j * stride + i] ?? 0) * (x[i] ?? 0);
    hidden[j] = Math.max(0, sum);
    logit += (p[j * stride + FEATURE_COUNT + 1] ?? 0) * (hidden[j] ?? 0);
  }
  const error = 1 / (1 + Math.exp(-logit)) - target;
  g[g.length - 1] = (g[g.length - 1] ?? 0) + error;
  for (let j = 0; j < HIDDEN_COUNT; j++) {
    const out = j * stride + FEATURE_COUNT + 1;
    g[out] = (g[out] ?? 0) + error * (hidden[j] ?? 0);
    if ((hidden[j] ?? 0) === 0) continue;
    const back = error * (p[out] ?? 0);
    for (let i = 0; i < FEATURE_COUNT; i++) g[j * stride + i] = (g[j * stride + i] ?? 0) + back * (x[i] ?? 0);
    g[out - 1] = (g[out - 1] ?? 0) + back;
  }
}

/** int8 weights, power-of-two scales; the hidden scale is calibrated so that almost no activation saturates. */
function quantise(model: FloatMlp, samples: Sample[]): QuantisedMlp {
  const largest = (values: number[]) => values.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-9);
  const activations = samples.flatMap((sample) => hiddenOf(model, inputsOf(sample))).sort((a, b) => a - b);
  const highest = activations[Math.floor(activations.length * 0.9995)] ?? 1;

  const weightScale = 127 / largest(model.w1.flat());
  let hiddenShift = 1;
  while (hiddenShift < 16 && (highest * weightScale * 255) / 2 ** hiddenShift > 255) hiddenShift++;
  const hiddenScale = (weightScale * 255) / 2 ** hiddenShift;

  let outputShift = 15;
  const outputScaleAt = (shift: number) => (POINTS_PER_LOGIT * 2 ** shift) / hiddenScale;
  while (outputShift > 1 && largest(model.w2) * outputScaleAt(outputShift) > 127) outputShift--;
  const outputScale = outputScaleAt(outputShift);

  return {
    hiddenWeights: model.w1.map((row) => row.map((w) => Math.round(w * weightScale))),
    hiddenBiases: model.b1.map((b) => Math.round(b * weightScale * 255)),
    hiddenShift,
    outputWeights: model.w2.map((w) => Math.round(w * outputScale)),
    outputBias: Math.round(model.b2 * outputScale * hiddenScale + 128 * 2 ** outputShift),
    outputShift,
  };
}

const percent = (count: number, total: number) => Math.round((10_000 * count) / total) / 100;

function report(float: FloatMlp, quantised: QuantisedMlp, samples: Sample[]) {
  const rows = samples.map((sample) => ({
    family: sample.family,
    floatRight: logitOf(float, inputsOf(sample)) >= 0 === sample.isHuman,
    quantisedRight: scoreMlp(quantised, sample.features) >= 128 === sample.isHuman,
    drift: Math.abs(
      Math.min(255, Math.max(0, 128 + POINTS_PER_LOGIT * logitOf(float, inputsOf(sample)))) -
        scoreMlp(quantised, sample.features),
    ),
  }));
  const families = [...new Set(rows.map((row) => row.family))].map((family) => {
    const own = rows.filter((row) => row.family === family);
    return { family, accuracy: percent(own.filter((row) => row.quantisedRight).length, own.length) };
  });
  return {
    accuracyFloat: percent(rows.filter((row) => row.floatRight).length, rows.length),
    accuracyQuantised: percent(rows.filter((row) => row.quantisedRight).length, rows.length),
    scoreDriftMean: Math.round((100 * rows.reduce((sum, row) => sum + row.drift, 0)) / rows.length) / 100,
    families,
  };
}

const random = seededRandom(SEED);
const training = makeSamples(random, TRAIN_COUNT);
const test = makeSamples(random, TEST_COUNT);
const float = train(random, training);
const quantised = quantise(float, training);
if (!isValidModel(quantised)) throw new Error("The quantised weights leave the ranges of the circuit.");
const metrics = { seed: SEED, trainCount: TRAIN_COUNT, testCount: TEST_COUNT, ...report(float, quantised, test) };
writeFileSync(new URL("./weights.json", import.meta.url), `${JSON.stringify(quantised)}\n`);
writeFileSync(new URL("./metrics.json", import.meta.url), `${JSON.stringify(metrics, null, 2)}\n`);
console.log(metrics, { hiddenShift: quantised.hiddenShift, outputShift: quantised.outputShift });
