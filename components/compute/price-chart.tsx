"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ApiInput, ApiOutput } from "../api/api-types.ts";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { Time } from "../ui/time.tsx";

type Point = ApiOutput["compute"]["priceHistory"]["data"][number];
type Kind = ApiInput["compute"]["priceHistory"]["kind"];

const WIDTH = 600;
const HEIGHT = 120;
const DAYS = 7;

/** A line from the oldest point to the newest, over a scale that starts at nothing. It only draws; amounts stand beside it. */
function Line({ points, label }: { points: readonly Point[]; label: string }) {
  const prices = points.map(({ priceMin }) => BigInt(priceMin));
  const times = points.map(({ at }) => Date.parse(at));
  const most = [1n, ...prices].sort((left, right) => (left < right ? 1 : -1))[0] ?? 1n;
  const first = times[0] ?? 0;
  const span = Math.max(1, (times.at(-1) ?? 0) - first);
  const place = (index: number) => {
    const x = points.length === 1 ? WIDTH : (((times[index] ?? 0) - first) / span) * WIDTH;
    // Thousandths of the height: enough for a line, and no amount becomes a fraction.
    const share = Number(((prices[index] ?? 0n) * 1_000n) / most);
    return [x, HEIGHT - (share * (HEIGHT - 8)) / 1_000] as const;
  };
  // A price holds until the next one: steps, not slopes.
  const path = points
    .map((_, index) => {
      const [x, y] = place(index);
      return index === 0 ? `M0 ${y} H${x}` : `H${x} V${y}`;
    })
    .join(" ");
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className="h-32 w-full border-line border-b"
    >
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

function History({ points, name }: { points: readonly Point[]; name: string }) {
  const [isTable, setTable] = useState(false);
  const lowest = points.reduce((low, one) => (BigInt(one.priceMin) < BigInt(low.priceMin) ? one : low));
  const last = points.at(-1) ?? lowest;
  return (
    <div className="flex flex-col gap-3">
      <p className="text-ink-2 text-sm">
        Now from <Amount units={last.priceMin} />; the lowest of these days was <Amount units={lowest.priceMin} />.
      </p>
      {isTable ? (
        <div className="scroll-thin max-h-48 overflow-y-auto">
          <table className="w-full text-sm">
            <thead className="text-left text-ink-3">
              <tr>
                <th className="py-1 font-medium">Hour</th>
                <th className="py-1 text-right font-medium">From</th>
                <th className="py-1 text-right font-medium">Offers</th>
              </tr>
            </thead>
            <tbody>
              {points.toReversed().map((point) => (
                <tr key={point.at} className="border-line border-t">
                  <td className="py-1">
                    <Time iso={point.at} />
                  </td>
                  <td className="py-1 text-right">
                    <Amount units={point.priceMin} />
                  </td>
                  <td className="tabular py-1 text-right">{point.offers}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <div className="text-compute">
          <Line points={points} label={`The lowest price of ${name}, hour by hour over ${DAYS} days`} />
        </div>
      )}
      <div>
        <Button size="sm" variant="ghost" onClick={() => setTable(!isTable)}>
          {isTable ? "Show the line" : "Show the table"}
        </Button>
      </div>
    </div>
  );
}

/** What something was offered for over the last days. */
export function PriceChart({ kind, of, name }: { kind: Kind; of: string; name: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.compute.priceHistory.queryOptions({ kind, key: of, days: DAYS }));
  const points = query.data?.data;
  return (
    <Card>
      <CardHeader title={`How the price of ${name} moved`} description="The lowest offer in each hour of seven days." />
      <CardBody>
        {query.isError && <QueryError error={query.error} what="The prices" onRetry={() => void query.refetch()} />}
        {!points && !query.isError && <Skeleton className="h-40 w-full" />}
        {points && points.length > 0 && <History points={points} name={name} />}
        {points?.length === 0 && (
          <p className="text-ink-3 text-sm">Nothing was offered yet. The first point is drawn within the minute.</p>
        )}
      </CardBody>
    </Card>
  );
}
