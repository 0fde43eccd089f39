import { gzipSync } from "node:zlib";
import type { Random } from "../event-scorer/random.ts";
import { drawDigit, SHADES } from "./draw.ts";

/** Shades of `drawDigit`, row by row. */
export type ShadedImage = { label: number; shades: Uint8Array };
/** Pixels from 0 to 1, paper to ink. */
export type LabelledImage = { label: number; pixels: Float32Array };

export const drawMany = (random: Random, count: number): ShadedImage[] =>
  Array.from({ length: count }, (_, i) => ({ label: i % 10, shades: drawDigit(random, i % 10) }));

export const toPixels = ({ label, shades }: ShadedImage): LabelledImage => ({
  label,
  pixels: Float32Array.from(shades, (shade) => shade / (SHADES - 1)),
});

/** One byte for each label, then two pixels to a byte, all of it gzipped: `readDigits` of server/proofs reads it. */
export function packImages(images: readonly ShadedImage[]): Uint8Array {
  const labels = Uint8Array.from(images, ({ label }) => label);
  const pairs = images.flatMap(({ shades }) =>
    Array.from({ length: shades.length / 2 }, (_, i) => (shades[2 * i] ?? 0) * SHADES + (shades[2 * i + 1] ?? 0)),
  );
  return gzipSync(Buffer.concat([labels, Uint8Array.from(pairs)]), { level: 9 });
}
