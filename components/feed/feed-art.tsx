import type { ReactElement } from "react";
import type { FeedTopic } from "#core/feed-cards.ts";
import { seededRandom } from "#core/simulated-reader.ts";

type Draw = (random: () => number) => ReactElement;

const WIDTH = 320;
const HEIGHT = 176;
const MIDDLE = HEIGHT / 2;
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Strands that meet on one line, from either side. */
const drawConverge: Draw = (random) => {
  const count = 5 + Math.floor(random() * 7);
  const meetX = 130 + random() * 100;
  const middle = 40 + random() * 96;
  const isMirrored = random() < 0.5;
  return (
    <g transform={isMirrored ? `matrix(-1 0 0 1 ${WIDTH} 0)` : undefined}>
      {range(count).map((i) => {
        const y = 12 + (i * 152) / (count - 1);
        const bend = 30 + random() * 80;
        const isLit = i % 4 === 1;
        return (
          <path
            key={i}
            d={`M0 ${y}C${bend} ${y} ${meetX - 70} ${middle} ${meetX} ${middle}`}
            stroke={isLit ? "var(--accent)" : "var(--line-strong)"}
            strokeOpacity={isLit ? 1 : 0.55}
          />
        );
      })}
      <path d={`M${meetX} ${middle}H${WIDTH}`} stroke="var(--accent)" strokeWidth="2" />
      <circle cx={meetX} cy={middle} r="3.5" fill="var(--accent)" />
    </g>
  );
};

/** A chip: cells at rest, some at work. */
const drawCompute: Draw = (random) => (
  <>
    {range(8 * 14).map((i) => {
      const isBusy = random() < 0.2;
      return (
        <rect
          key={i}
          x={20.5 + (i % 14) * 20}
          y={10.5 + Math.floor(i / 14) * 20}
          width="14"
          height="14"
          rx="2"
          fill={isBusy ? "var(--accent)" : "none"}
          fillOpacity={isBusy ? 0.35 + random() * 0.65 : 0}
          stroke={isBusy ? "none" : "var(--line-strong)"}
          strokeOpacity="0.45"
        />
      );
    })}
  </>
);

/** Tokens on a line, and which of them look at which. */
const drawModels: Draw = (random) => {
  const base = 148;
  const xOf = (i: number) => 22 + i * 23;
  return (
    <>
      {range(15).map((i) => {
        const from = Math.floor(random() * 12);
        const to = Math.min(12, from + 1 + Math.floor(random() * random() * 12));
        const radius = (xOf(to) - xOf(from)) / 2;
        const isStrong = i % 5 === 0;
        return to > from ? (
          <path
            key={i}
            d={`M${xOf(from)} ${base}A${radius} ${Math.min(radius, 128)} 0 0 1 ${xOf(to)} ${base}`}
            stroke={isStrong ? "var(--accent)" : "var(--line-strong)"}
            strokeOpacity={isStrong ? 1 : 0.5}
            strokeWidth={isStrong ? 1.75 : 1}
          />
        ) : null;
      })}
      {range(13).map((i) => (
        <circle key={`t${i}`} cx={xOf(i)} cy={base} r="3" fill={i % 4 === 0 ? "var(--accent)" : "var(--line-strong)"} />
      ))}
    </>
  );
};

/** A tree of fingerprints, and the one short way from a leaf to the root. */
const drawProofs: Draw = (random) => {
  const leaf = Math.floor(random() * 16);
  const xOf = (level: number, i: number) => 16 + ((i + 0.5) * 288) / 2 ** level;
  const yOf = (level: number) => 18 + level * 35;
  const isOnWay = (level: number, i: number) => leaf >> (4 - level) === i;
  return (
    <>
      {range(4).flatMap((level) =>
        range(2 ** (level + 1)).map((i) => {
          const onWay = isOnWay(level + 1, i);
          return (
            <path
              key={`${level}-${i}`}
              d={`M${xOf(level, i >> 1)} ${yOf(level)}L${xOf(level + 1, i)} ${yOf(level + 1)}`}
              stroke={onWay ? "var(--accent)" : "var(--line-strong)"}
              strokeOpacity={onWay ? 1 : 0.45}
              strokeWidth={onWay ? 2 : 1}
            />
          );
        }),
      )}
      {range(5).flatMap((level) =>
        range(2 ** level).map((i) => (
          <circle
            key={`n${level}-${i}`}
            cx={xOf(level, i)}
            cy={yOf(level)}
            r={isOnWay(level, i) ? 3.5 : 2}
            fill={isOnWay(level, i) ? "var(--accent)" : "var(--line-strong)"}
          />
        )),
      )}
    </>
  );
};

/** A fingerprint that keeps to itself. */
const drawPrivacy: Draw = (random) => (
  <>
    {range(9).map((i) => {
      const radius = 10 + i * 9;
      const length = 2 * Math.PI * radius;
      const shown = 0.5 + random() * 0.38;
      return (
        <circle
          key={i}
          cx="160"
          cy={MIDDLE}
          r={radius}
          stroke={i % 4 === 2 ? "var(--accent)" : "var(--line-strong)"}
          strokeOpacity={i % 4 === 2 ? 1 : 0.55}
          strokeDasharray={`${length * shown} ${length * (1 - shown)}`}
          strokeDashoffset={length * random()}
          strokeLinecap="round"
        />
      );
    })}
  </>
);

const DRAWINGS: Record<FeedTopic, Draw> = {
  converge: drawConverge,
  compute: drawCompute,
  models: drawModels,
  proofs: drawProofs,
  privacy: drawPrivacy,
};

export const TOPIC_ACCENTS: Record<FeedTopic, string> = {
  converge: "var(--rewards)",
  compute: "var(--compute)",
  models: "var(--agents)",
  proofs: "var(--proofs)",
  privacy: "var(--ink-2)",
};

/** A line drawing for a card: its topic says what, its id says which one. */
export function FeedArt({ id, topic }: { id: string; topic: FeedTopic }) {
  let seed = 0;
  for (const character of id) seed = (seed * 31 + character.charCodeAt(0)) >>> 0;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} fill="none" strokeWidth="1.25" aria-hidden="true" className="h-auto w-full">
      {DRAWINGS[topic](seededRandom(seed))}
    </svg>
  );
}
