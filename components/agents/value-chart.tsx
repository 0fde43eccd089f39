import type { BacktestView } from "#core/schemas/strategy.ts";

type Point = BacktestView["points"][number];

const WIDTH = 600;
const HEIGHT = 160;

const pathOf = (values: readonly bigint[], most: bigint): string =>
  values
    .map((value, index) => {
      const x = values.length < 2 ? WIDTH : (index * WIDTH) / (values.length - 1);
      // Thousandths of the height: enough for a line, and no amount becomes a fraction.
      const share = Number((value * 1_000n) / most);
      return `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${(HEIGHT - (share * (HEIGHT - 12)) / 1_000).toFixed(1)}`;
    })
    .join(" ");

/** What a strategy would have been worth beside what it began with, untouched. The scale starts at nothing. */
export function ValueChart({ points }: { points: readonly Point[] }) {
  const [value, untouched] = [
    points.map((point) => BigInt(point.value)),
    points.map((point) => BigInt(point.untouched)),
  ];
  const most = [...value, ...untouched].reduce((high, one) => (one > high ? one : high), 1n);
  return (
    <figure className="flex flex-col gap-2">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label="The value with the strategy and without it, over time"
        className="h-44 w-full border-line border-b"
      >
        <path
          d={pathOf(untouched, most)}
          fill="none"
          className="stroke-ink-3"
          strokeWidth="1.5"
          strokeDasharray="4 3"
          vectorEffect="non-scaling-stroke"
        />
        <path
          d={pathOf(value, most)}
          fill="none"
          className="stroke-agents"
          strokeWidth="2"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      <figcaption className="flex flex-wrap gap-x-4 text-ink-2 text-xs">
        <span className="flex items-center gap-1.5">
          <span aria-hidden className="h-0.5 w-4 bg-agents" /> With the strategy
        </span>
        <span className="flex items-center gap-1.5">
          <span aria-hidden className="h-0 w-4 border-ink-3 border-t border-dashed" /> Untouched
        </span>
      </figcaption>
    </figure>
  );
}
