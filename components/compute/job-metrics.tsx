"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { isJobOver, type JobMetrics, type JobStatus } from "#core/schemas/job.ts";
import { every } from "../api/every.ts";
import { useTRPC } from "../api/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { Time } from "../ui/time.tsx";

const WIDTH = 600;
const HEIGHT = 96;
const MIB = 1024 * 1024;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

type Series = { id: string; label: string; unit: string; read: (one: JobMetrics) => number | null };

const SERIES: readonly Series[] = [
  { id: "cpu", label: "Processor", unit: "% of a core", read: ({ cpuPercent }) => cpuPercent },
  {
    id: "memory",
    label: "Memory",
    unit: "MB",
    read: ({ memoryBytes }) => (memoryBytes === null ? null : memoryBytes / MIB),
  },
  { id: "gpu", label: "GPU", unit: "%", read: ({ gpuPercent }) => gpuPercent },
  {
    id: "gpu-memory",
    label: "GPU memory",
    unit: "MB",
    read: ({ gpuMemoryBytes }) => (gpuMemoryBytes === null ? null : gpuMemoryBytes / MIB),
  },
];

/** One measure over time, on a scale from nothing to the most it was. */
function Line({ series, metrics }: { series: Series; metrics: readonly JobMetrics[] }) {
  const points = metrics.flatMap((one) => {
    const value = series.read(one);
    return value === null ? [] : [{ at: Date.parse(one.at), value }];
  });
  const last = points.at(-1);
  if (!last) return null;
  const first = points[0]?.at ?? last.at;
  const span = Math.max(1, last.at - first);
  const most = Math.max(...points.map(({ value }) => value), 1);
  const path = points
    .map(({ at, value }, index) => {
      const x = ((at - first) / span) * WIDTH;
      return `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${(HEIGHT - (value / most) * (HEIGHT - 4)).toFixed(1)}`;
    })
    .join(" ");
  return (
    <figure className="min-w-0">
      <figcaption className="flex items-baseline justify-between gap-2 text-sm">
        <span className="font-medium">{series.label}</span>
        <span className="tabular text-ink-3">
          {number.format(last.value)} now, {number.format(most)} at most, in {series.unit}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${series.label} over the job's time, at most ${number.format(most)} ${series.unit}`}
        className="mt-1 h-20 w-full border-line border-b text-compute"
      >
        <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}

function Table({ series, metrics }: { series: readonly Series[]; metrics: readonly JobMetrics[] }) {
  return (
    <div className="scroll-thin max-h-56 overflow-auto">
      <table className="w-full text-sm">
        <thead className="text-left text-ink-3">
          <tr>
            <th className="py-1 font-medium">When</th>
            {series.map(({ id, label, unit }) => (
              <th key={id} className="py-1 text-right font-medium">
                {label}, {unit}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {metrics.toReversed().map((one) => (
            <tr key={one.at} className="border-line border-t">
              <td className="py-1">
                <Time iso={one.at} />
              </td>
              {series.map(({ id, read }) => {
                const value = read(one);
                return (
                  <td key={id} className="tabular py-1 text-right">
                    {value === null ? "–" : number.format(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What a job uses of its machine, looked at every few seconds. */
export default function JobMetricsCard({ id, status }: { id: string; status: JobStatus }) {
  const [isTable, setTable] = useState(false);
  const trpc = useTRPC();
  const query = useQuery(
    trpc.job.metrics.queryOptions({ id }, { refetchInterval: isJobOver(status) ? false : every(5_000) }),
  );
  const metrics = query.data?.data ?? [];
  const series = SERIES.filter(({ read }) => metrics.some((one) => read(one) !== null));
  if (series.length === 0) return null;
  return (
    <Card>
      <CardHeader
        title="What it uses"
        description="Looked at every five seconds while it runs."
        action={
          <Button size="sm" variant="ghost" onClick={() => setTable(!isTable)}>
            {isTable ? "Show the lines" : "Show the table"}
          </Button>
        }
      />
      <CardBody>
        {isTable ? (
          <Table series={series} metrics={metrics} />
        ) : (
          <div className="grid gap-6 sm:grid-cols-2">
            {series.map((one) => (
              <Line key={one.id} series={one} metrics={metrics} />
            ))}
          </div>
        )}
      </CardBody>
    </Card>
  );
}
