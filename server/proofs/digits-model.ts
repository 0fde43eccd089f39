import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { parameterCountsOf } from "#core/zk/integer-network.ts";
import { architectureSchema, type FloatNetwork, type LayerParameters } from "#core/zk/network.ts";

/** The classifiers of drawn digits that this repository ships, by the width of their layers. */
export const DIGITS_MODELS = ["784-16-10", "784-64-10", "lenet"] as const;
export type DigitsModelName = (typeof DIGITS_MODELS)[number];

/** An image of 28 × 28 pixels, row by row, from 0 (paper) to 1 (ink). */
export type DigitImage = { label: number; pixels: Float32Array };

const PIXELS = 28 * 28;
const SHADES = 16;

const readModelFile = (name: string) =>
  readFileSync(resolve(import.meta.dirname, "..", "..", "models", "digits", name));

const unzip = (name: string): Uint8Array<ArrayBuffer> => Uint8Array.from(gunzipSync(readModelFile(name)));

/** A classifier as it was trained: one image in, ten numbers out, the largest at the digit. */
export function loadDigitsModel(name: DigitsModelName): FloatNetwork {
  const architecture = architectureSchema.parse(JSON.parse(readModelFile(`${name}.json`).toString("utf8")));
  const numbers = new Float32Array(unzip(`${name}.weights.gz`).buffer);
  const parameters = new Map<string, LayerParameters>();
  let at = 0;
  const take = (count: number) => {
    at += count;
    return numbers.slice(at - count, at);
  };
  for (const layer of architecture.layers) {
    const { weights, biases } = parameterCountsOf(layer);
    if (weights > 0) parameters.set(layer.name, { weights: take(weights), biases: take(biases) });
  }
  if (at !== numbers.length) throw new Error(`The weights of ${name} are not those of its shape.`);
  return { architecture, parameters };
}

function readDigits(name: string): DigitImage[] {
  const bytes = unzip(name);
  const count = bytes.length / (1 + PIXELS / 2);
  return Array.from({ length: count }, (_, image) => {
    const shadeAt = (pixel: number) => {
      const pair = bytes[count + ((image * PIXELS + pixel) >> 1)] ?? 0;
      return pixel % 2 === 0 ? pair >> 4 : pair % SHADES;
    };
    const pixels = Float32Array.from({ length: PIXELS }, (_, pixel) => shadeAt(pixel) / (SHADES - 1));
    return { label: bytes[image] ?? 0, pixels };
  });
}

/** Images that were kept out of the training. */
export const loadDigitsValidation = (): DigitImage[] => readDigits("validation.gz");
/** Images of the training, for the scales of whole numbers. */
export const loadDigitsCalibration = (): DigitImage[] => readDigits("calibration.gz");
