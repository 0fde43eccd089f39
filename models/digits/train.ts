/**
 * Trains the classifiers of drawn digits and writes their weights and the images that are kept: `node models/digits/train.ts`,
 * then `node models/digits/measure.ts`. The same seed gives the same bytes. Takes about seven minutes of one core.
 */
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { FloatNetwork } from "../../core/zk/network.ts";
import { DIGITS_MODELS } from "../../server/proofs/digits-model.ts";
import { seededRandom } from "../event-scorer/random.ts";
import { drawMany, packImages, toPixels } from "./dataset.ts";
import { architectureOf } from "./networks.ts";
import { CALIBRATION_COUNT, SCHEDULES, SEED, TRAIN_COUNT, VALIDATION_COUNT } from "./schedule.ts";
import { train } from "./trainer.ts";

const write = (name: string, content: string | Uint8Array) => writeFileSync(new URL(name, import.meta.url), content);

/** All numbers, layer after layer, weights before biases. */
function packWeights({ architecture, parameters }: FloatNetwork): Uint8Array {
  const arrays = architecture.layers.flatMap((layer) => {
    const learnt = parameters.get(layer.name);
    return learnt ? [learnt.weights, learnt.biases] : [];
  });
  return gzipSync(Buffer.concat(arrays.map((array) => new Uint8Array(array.buffer))), { level: 9 });
}

const random = seededRandom(SEED);
const training = drawMany(random, TRAIN_COUNT);
write("calibration.gz", packImages(training.slice(0, CALIBRATION_COUNT)));
write("validation.gz", packImages(drawMany(random, VALIDATION_COUNT)));
const images = training.map(toPixels);
for (const name of DIGITS_MODELS) {
  const architecture = architectureOf(name);
  const parameters = train(architecture, images, { random: seededRandom(SEED), ...SCHEDULES[name] });
  write(`${name}.json`, `${JSON.stringify(architecture)}\n`);
  write(`${name}.weights.gz`, packWeights({ architecture, parameters }));
}
