"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { bpsText } from "#core/market/market-view.ts";
import type { BacktestView, MarketOutput } from "#core/schemas/strategy.ts";
import type { StrategySettingsInput } from "#core/strategies/settings.ts";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { AmountInput } from "../money/amount-input.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";
import { Time } from "../ui/time.tsx";
import { symbolOf } from "./strategy-words.ts";
import { ValueChart } from "./value-chart.tsx";

const SOURCES = [
  { value: "walk", label: "A made-up walk of prices" },
  { value: "24", label: "The last day here" },
  { value: "168", label: "The last 7 days here" },
  { value: "720", label: "The last 30 days here" },
] as const;

const pricesOf = (source: string, seed: string) =>
  source === "walk"
    ? ({ source: "walk", seed: Number(seed) } as const)
    : ({ source: "noted", hours: Number(source) } as const);

function Result({ result, market }: { result: BacktestView; market: MarketOutput }) {
  const [isTable, setTable] = useState(false);
  const last = result.points.at(-1);
  if (!last) return null;
  const difference = BigInt(last.value) + BigInt(result.paid) - BigInt(last.untouched);
  return (
    <div className="flex flex-col gap-4">
      <StatGroup columns={3}>
        <Stat
          label="At the end"
          value={<Amount units={last.value} />}
          detail={
            <>
              <Amount units={difference} isSigned /> against untouched
            </>
          }
        />
        <Stat label="Deepest fall" value={bpsText(BigInt(result.drawdownBps))} detail="From a highest value" />
        <Stat label="Trades" value={result.tradeCount} detail={`${result.alerts.length} alerts`} />
      </StatGroup>
      {isTable ? (
        <section className="scroll-thin max-h-64 overflow-y-auto" aria-label="Trades">
          <table className="w-full text-sm">
            <thead className="text-left text-ink-3">
              <tr>
                <th className="py-1 font-medium">When</th>
                <th className="py-1 font-medium">What and why</th>
              </tr>
            </thead>
            <tbody>
              {result.trades.toReversed().map((trade) => (
                <tr key={trade.at} className="border-line border-t align-top">
                  <td className="whitespace-nowrap py-1 pr-3">
                    <Time iso={trade.at} />
                  </td>
                  <td className="py-1">
                    {symbolOf(trade.sell, market)} → {symbolOf(trade.buy, market)}
                    <span className="block text-ink-3 text-xs">{trade.why}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      ) : (
        <ValueChart points={result.points} />
      )}
      <div>
        <Button size="sm" variant="ghost" onClick={() => setTable(!isTable)}>
          {isTable ? "Show the chart" : "Show the trades"}
        </Button>
      </div>
    </div>
  );
}

/** Tries a strategy on the past. Pools stand at every price with today's depth, so a trade pays its fee and its own impact. */
export function BacktestCard({ settings, market }: { settings: StrategySettingsInput | string; market: MarketOutput }) {
  const trpc = useTRPC();
  const [source, setSource] = useState<string>("walk");
  const [seed, setSeed] = useState("1");
  const [dollars, setDollars] = useState("1000000000");
  const run = useMutation(trpc.strategy.backtest.mutationOptions());
  const isReady = typeof settings !== "string" && dollars !== "" && /^\d{1,9}$/.test(seed);
  const depth = market.data[0]?.depth ?? "1000000000000";
  const start = () => {
    if (typeof settings === "string") return;
    run.mutate({ settings, prices: pricesOf(source, seed), start: { usd: dollars }, depth });
  };
  return (
    <Card>
      <CardHeader title="Try it on the past" description="Nothing is bought or sold." />
      <CardBody className="flex flex-col gap-4">
        <div className="grid items-start gap-4 sm:grid-cols-3">
          <Field label="Prices">
            <Select label="Prices" options={SOURCES} value={source} onValueChange={setSource} />
          </Field>
          {source === "walk" && (
            <Field label="Seed" hint="The same seed walks the same way.">
              <Input inputMode="numeric" value={seed} onChange={(event) => setSeed(event.target.value.trim())} />
            </Field>
          )}
          <AmountInput label="Begins with" units={dollars} onUnitsChange={setDollars} />
        </div>
        <div>
          <Button onClick={start} isPending={run.isPending} disabled={!isReady}>
            Try it
          </Button>
        </div>
        {run.isError && (
          <p role="alert" className="text-bad text-sm">
            {readApiError(run.error).message}
          </p>
        )}
        {run.data && <Result result={run.data} market={market} />}
      </CardBody>
    </Card>
  );
}
