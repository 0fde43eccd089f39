"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ProviderSummary } from "#core/schemas/market.ts";
import { every } from "../api/every.ts";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { Meter } from "../ui/meter.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";

const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
const WIDTH = 600;
const HEIGHT = 96;

const totalOf = ({ inference, compute, pools }: ProviderSummary["byDay"][number]): bigint =>
  BigInt(inference) + BigInt(compute) + BigInt(pools);

/** A bar a day over a scale that starts at nothing. */
function Days({ byDay }: { byDay: ProviderSummary["byDay"] }) {
  const most = [1n, ...byDay.map(totalOf)].sort((left, right) => (left < right ? 1 : -1))[0] ?? 1n;
  const width = WIDTH / byDay.length;
  const from = byDay[0]?.day ?? "";
  const to = byDay.at(-1)?.day ?? "";
  return (
    <figure>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`What you earned each day from ${from} to ${to}`}
        className="h-24 w-full border-line border-b text-compute"
      >
        {byDay.map((day, index) => {
          // Thousandths of the height: enough for a bar, and no amount becomes a fraction.
          const height = (Number((totalOf(day) * 1_000n) / most) * HEIGHT) / 1_000;
          return (
            <rect
              key={day.day}
              x={index * width + 1}
              y={HEIGHT - height}
              width={width - 2}
              height={height}
              fill="currentColor"
            />
          );
        })}
      </svg>
      <figcaption className="tabular mt-1 flex justify-between text-ink-3 text-xs">
        <span>{from}</span>
        <span>
          the best day: <Amount units={most === 1n ? "0" : most.toString()} />
        </span>
        <span>{to}</span>
      </figcaption>
    </figure>
  );
}

function NodeUse({ node, name }: { node: ProviderSummary["nodes"][number]; name: string }) {
  const shares = [
    ["Answering", node.answering],
    ["Under jobs", node.leased],
    ["Tested by us", node.tested],
  ] as const;
  return (
    <li className="grid gap-x-6 gap-y-2 border-line border-t py-3 first:border-t-0 sm:grid-cols-[minmax(0,1fr)_2fr]">
      <div className="min-w-0">
        <p className="truncate font-medium">{name}</p>
        <p className="text-ink-3 text-xs">
          A day fully rented would bring about <Amount units={node.fullDay} />
        </p>
      </div>
      <div className="grid grid-cols-3 gap-4">
        {shares.map(([label, share]) => (
          <div key={label} className="min-w-0">
            <p className="truncate text-ink-3 text-xs">{label}</p>
            <p className="tabular text-sm">{percent.format(share)}</p>
            <Meter share={share} label={`${name}: ${label}`} valueText={percent.format(share)} tone="bg-compute" />
          </div>
        ))}
      </div>
    </li>
  );
}

/** What one's machines earned and how busy they were. */
export function ProviderEarnings({ names }: { names: ReadonlyMap<string, string> }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.compute.providerSummary.queryOptions(undefined, { refetchInterval: every(10_000), retry: false }),
  );
  const summary = query.data;
  if (query.isError || summary?.nodes.length === 0) return null;
  const amount = (units: string | undefined) => units && <Amount units={units} />;
  return (
    <Card>
      <CardHeader
        title="What your machines earn"
        description="Yours the moment it is earned; spend it here or withdraw it."
        action={
          <Link href="/balance" className={buttonClass({ size: "sm" })}>
            Withdraw
          </Link>
        }
      />
      <CardBody className="flex flex-col gap-4">
        <StatGroup columns={3}>
          <Stat label="Today" value={amount(summary?.earned.today)} detail="since midnight UTC" />
          <Stat label="Seven days" value={amount(summary?.earned.week)} />
          <Stat
            label="Thirty days"
            value={amount(summary?.earned.month)}
            detail={summary && `after our fee of ${percent.format(summary.feeBps / 10_000)}`}
          />
        </StatGroup>
        {summary && <Days byDay={summary.byDay} />}
        <ul aria-label="How your nodes were used in the last day">
          {summary?.nodes.map((node) => (
            <NodeUse key={node.nodeId} node={node} name={names.get(node.nodeId) ?? node.nodeId} />
          ))}
        </ul>
      </CardBody>
    </Card>
  );
}
