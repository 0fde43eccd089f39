import type { Random } from "../event-scorer/random.ts";

export const SIDE = 28;
/** Shades run from 0 to 15, paper to ink. */
export const SHADES = 16;

type Point = readonly [x: number, y: number];
type Stroke = { isCurve: boolean; points: readonly Point[] };
type Segment = readonly [from: Point, to: Point];

const line = (...points: Point[]): Stroke => ({ isCurve: false, points });
const curve = (...points: Point[]): Stroke => ({ isCurve: true, points });

/** The ways in which each digit is written, on a square whose x goes right and y down. */
const HANDS: readonly (readonly Stroke[][])[] = [
  [
    [
      curve(
        [0.5, 0.1],
        [0.3, 0.2],
        [0.22, 0.5],
        [0.3, 0.8],
        [0.5, 0.9],
        [0.7, 0.8],
        [0.78, 0.5],
        [0.7, 0.2],
        [0.5, 0.1],
      ),
    ],
    [curve([0.6, 0.12], [0.35, 0.16], [0.25, 0.45], [0.32, 0.78], [0.55, 0.88], [0.74, 0.65], [0.7, 0.3], [0.5, 0.08])],
  ],
  [
    [line([0.34, 0.28], [0.52, 0.1], [0.52, 0.9])],
    [line([0.5, 0.1], [0.5, 0.9])],
    [line([0.34, 0.28], [0.52, 0.1], [0.52, 0.9]), line([0.34, 0.9], [0.7, 0.9])],
  ],
  [
    [
      curve([0.25, 0.3], [0.35, 0.13], [0.55, 0.1], [0.72, 0.25], [0.65, 0.45], [0.42, 0.68], [0.24, 0.88]),
      line([0.24, 0.88], [0.78, 0.88]),
    ],
    [curve([0.26, 0.25], [0.5, 0.1], [0.7, 0.25], [0.55, 0.6], [0.32, 0.86], [0.24, 0.78], [0.4, 0.74], [0.8, 0.88])],
  ],
  [
    [
      curve([0.25, 0.18], [0.45, 0.1], [0.68, 0.2], [0.65, 0.38], [0.43, 0.48]),
      curve([0.43, 0.48], [0.7, 0.55], [0.75, 0.75], [0.55, 0.9], [0.24, 0.82]),
    ],
    [
      line([0.25, 0.12], [0.7, 0.12], [0.45, 0.42]),
      curve([0.45, 0.42], [0.72, 0.55], [0.72, 0.78], [0.5, 0.9], [0.24, 0.82]),
    ],
  ],
  [
    [line([0.6, 0.1], [0.2, 0.62], [0.82, 0.62]), line([0.6, 0.1], [0.6, 0.9])],
    [line([0.3, 0.1], [0.24, 0.52], [0.78, 0.52]), line([0.68, 0.12], [0.66, 0.9])],
  ],
  [
    [
      line([0.74, 0.12], [0.32, 0.12], [0.28, 0.45]),
      curve([0.28, 0.45], [0.5, 0.38], [0.75, 0.55], [0.7, 0.8], [0.45, 0.9], [0.22, 0.82]),
    ],
    [curve([0.72, 0.12], [0.36, 0.16], [0.32, 0.4], [0.62, 0.48], [0.74, 0.7], [0.55, 0.88], [0.22, 0.84])],
  ],
  [
    [
      curve(
        [0.65, 0.1],
        [0.4, 0.25],
        [0.26, 0.55],
        [0.3, 0.8],
        [0.5, 0.9],
        [0.72, 0.78],
        [0.7, 0.58],
        [0.5, 0.5],
        [0.3, 0.64],
      ),
    ],
    [curve([0.5, 0.08], [0.32, 0.4], [0.26, 0.72], [0.48, 0.9], [0.72, 0.74], [0.58, 0.56], [0.3, 0.7])],
  ],
  [
    [line([0.22, 0.12], [0.78, 0.12], [0.42, 0.9])],
    [line([0.22, 0.12], [0.78, 0.12], [0.42, 0.9]), line([0.36, 0.5], [0.7, 0.5])],
    [line([0.24, 0.26], [0.24, 0.12], [0.76, 0.12]), curve([0.76, 0.12], [0.55, 0.45], [0.48, 0.9])],
  ],
  [
    [
      curve(
        ...([
          [0.5, 0.48],
          [0.3, 0.35],
          [0.32, 0.15],
          [0.5, 0.08],
          [0.68, 0.15],
          [0.7, 0.35],
          [0.5, 0.48],
        ] as const),
        ...([
          [0.27, 0.65],
          [0.3, 0.85],
          [0.5, 0.92],
          [0.7, 0.85],
          [0.73, 0.65],
          [0.5, 0.48],
        ] as const),
      ),
    ],
    [
      curve(
        [0.7, 0.2],
        [0.45, 0.1],
        [0.32, 0.28],
        [0.64, 0.6],
        [0.66, 0.82],
        [0.45, 0.9],
        [0.3, 0.76],
        [0.5, 0.5],
        [0.7, 0.2],
      ),
    ],
  ],
  [
    [
      curve(
        [0.7, 0.35],
        [0.55, 0.5],
        [0.33, 0.42],
        [0.3, 0.2],
        [0.5, 0.1],
        [0.68, 0.18],
        [0.71, 0.4],
        [0.66, 0.7],
        [0.5, 0.9],
      ),
    ],
    [curve([0.68, 0.3], [0.5, 0.5], [0.3, 0.36], [0.4, 0.12], [0.68, 0.16]), line([0.68, 0.14], [0.66, 0.9])],
  ],
];

const STEPS = 6;

/** A smooth line through its points (Catmull-Rom), in short straight pieces. */
function smooth(points: readonly Point[]): Point[] {
  const at = (i: number): Point => points[Math.min(points.length - 1, Math.max(0, i))] ?? [0, 0];
  const between = (t: number, a: number, b: number, c: number, d: number) =>
    0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t ** 3);
  return points.slice(0, -1).flatMap((_, i) => {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    return Array.from({ length: STEPS + (i === points.length - 2 ? 1 : 0) }, (_, step): Point => {
      const t = step / STEPS;
      return [between(t, a[0], b[0], c[0], d[0]), between(t, a[1], b[1], c[1], d[1])];
    });
  });
}

const segmentsOf = (points: readonly Point[]): Segment[] =>
  points.slice(1).map((to, i): Segment => [points[i] ?? to, to]);

/** Turns, leans, stretches, bends and moves the square onto the image. */
function placing(random: Random): (point: Point) => Point {
  const turn = random.normal() * 0.15;
  const lean = random.normal() * 0.16;
  const size = random.between(16, 22);
  const width = size * random.between(0.72, 1.1);
  const [moveX, moveY] = [random.between(-1.5, 1.5), random.between(-1.5, 1.5)];
  const [bend, phase] = [random.normal() * 0.05, random.between(0, 2 * Math.PI)];
  return ([x, y]) => {
    const u = (x - 0.5 + bend * Math.sin(phase + 5 * y) + lean * (0.5 - y)) * width;
    const v = (y - 0.5 + bend * Math.sin(phase + 5 * x)) * size;
    return [
      SIDE / 2 + moveX + u * Math.cos(turn) - v * Math.sin(turn),
      SIDE / 2 + moveY + u * Math.sin(turn) + v * Math.cos(turn),
    ];
  };
}

function distance([x, y]: Point, [[ax, ay], [bx, by]]: Segment): number {
  const [dx, dy] = [bx - ax, by - ay];
  const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/** Inks what lies within half of the width of a segment, or wipes it where `ink` is 0. */
function ink(
  image: Float64Array,
  segments: readonly Segment[],
  pen: { width: number; softness: number; ink: number },
): void {
  const reach = pen.width / 2 + pen.softness;
  for (const segment of segments) {
    const [[ax, ay], [bx, by]] = segment;
    const clamp = (value: number) => Math.min(SIDE - 1, Math.max(0, value));
    const [left, right] = [clamp(Math.floor(Math.min(ax, bx) - reach)), clamp(Math.ceil(Math.max(ax, bx) + reach))];
    const [top, bottom] = [clamp(Math.floor(Math.min(ay, by) - reach)), clamp(Math.ceil(Math.max(ay, by) + reach))];
    for (let y = top; y <= bottom; y++)
      for (let x = left; x <= right; x++) {
        const cover = Math.min(1, Math.max(0, (reach - distance([x, y], segment)) / pen.softness));
        const at = y * SIDE + x;
        const before = image[at] ?? 0;
        image[at] = pen.ink === 0 ? before * (1 - cover) : Math.max(before, pen.ink * cover);
      }
  }
}

function strayLine(random: Random): Segment[] {
  const [x, y] = [random.between(2, SIDE - 3), random.between(2, SIDE - 3)];
  return [
    [
      [x, y],
      [x + random.normal() * 5, y + random.normal() * 5],
    ],
  ];
}

/** One digit as a hand might write it: SIDE × SIDE shades, row by row. */
export function drawDigit(random: Random, digit: number): Uint8Array {
  const hands = HANDS[digit] ?? [];
  const strokes = hands[random.integer(0, hands.length - 1)] ?? [];
  const place = placing(random);
  const tremble = ([x, y]: Point): Point => [x + random.normal() * 0.028, y + random.normal() * 0.028];
  const pen = { width: random.between(1, 3.2), softness: random.between(0.8, 1.5), ink: random.between(0.6, 1) };
  const image = new Float64Array(SIDE * SIDE);
  for (const { isCurve, points } of strokes) {
    const trembled = points.map(tremble);
    ink(image, segmentsOf((isCurve ? smooth(trembled) : trembled).map(place)), pen);
  }
  if (random.uniform() < 0.2) ink(image, strayLine(random), { ...pen, width: 1 });
  if (random.uniform() < 0.2) ink(image, strayLine(random), { width: 1.5, softness: 0.5, ink: 0 });
  for (let speck = random.integer(0, 8); speck > 0; speck--)
    image[random.integer(0, SIDE * SIDE - 1)] = random.between(0, 0.8);
  return Uint8Array.from(image, (shade) => Math.round(shade * (SHADES - 1)));
}
