/**
 * Measures the classifiers as they are kept, in doubles and in whole numbers, and writes `metrics.json`:
 * `node models/digits/measure.ts`. Takes a few minutes.
 */
import { writeFileSync } from "node:fs";
import { type LabelledSample, measureAccuracy } from "../../core/zk/accuracy.ts";
import { quantise } from "../../core/zk/quantise.ts";
import {
  DIGITS_MODELS,
  type DigitImage,
  type DigitsModelName,
  loadDigitsCalibration,
  loadDigitsModel,
  loadDigitsValidation,
} from "../../server/proofs/digits-model.ts";
import { seededRandom } from "../event-scorer/random.ts";
import { drawMany, toPixels } from "./dataset.ts";
import { SCHEDULES, SEED, TEST_COUNT, TRAIN_COUNT, VALIDATION_COUNT } from "./schedule.ts";

const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;
const percent = (part: number | undefined) => round((part ?? 0) * 100, 2);
const toSample = ({ pixels, label }: DigitImage): LabelledSample => ({ input: pixels, label });

const calibration = loadDigitsCalibration().map(({ pixels }) => pixels);
const validation = loadDigitsValidation().map(toSample);
const test = drawMany(seededRandom(SEED + 1), TEST_COUNT).map((image) => toSample(toPixels(image)));

function measure(name: DigitsModelName) {
  const network = loadDigitsModel(name);
  const integer = quantise(network, calibration);
  const taught = [...network.parameters.values()];
  const kept = measureAccuracy(network, integer, validation).classes;
  const { classes, escapes, errors, layers, worstLayer } = measureAccuracy(network, integer, test);
  return {
    ...SCHEDULES[name],
    parameterCount: taught.reduce((sum, { weights, biases }) => sum + weights.length + biases.length, 0),
    accuracyFloat: percent(classes?.floatRight),
    accuracyInteger: percent(classes?.integerRight),
    agreement: percent(classes?.agreement),
    validation: { accuracyFloat: percent(kept?.floatRight), accuracyInteger: percent(kept?.integerRight) },
    escapes,
    logitErrorMean: round(errors.mean, 4),
    logitErrorLargest: round(errors.largest, 4),
    worstLayer,
    signalToNoise: Object.fromEntries(layers.map(({ layer, decibels }) => [layer, round(decibels ?? 0, 1)])),
  };
}

const metrics = {
  ...{ seed: SEED, trainCount: TRAIN_COUNT, testCount: TEST_COUNT, validationCount: VALIDATION_COUNT },
  models: Object.fromEntries(DIGITS_MODELS.map((name) => [name, measure(name)])),
};
writeFileSync(new URL("metrics.json", import.meta.url), `${JSON.stringify(metrics, null, 2)}\n`);
console.log(metrics.models);
