"use client";

import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import type { JobQuote, JobSpecInput } from "#core/schemas/job.ts";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";

const SETTLE_MS = 300;

/** What a job would cost, asked for again whenever it changes; null until there is an answer. */
export function useQuote(spec: JobSpecInput | null): JobQuote | null {
  const trpc = useTRPC();
  const { mutate, data } = useMutation(trpc.job.quote.mutationOptions());
  const text = spec === null ? null : JSON.stringify(spec);
  useEffect(() => {
    if (text === null) return;
    const timer = setTimeout(() => mutate(JSON.parse(text) as JobSpecInput), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text, mutate]);
  return spec === null ? null : (data ?? null);
}

/** The price an hour and the most it can cost, or what stands in the way and what to change. */
export function JobPrice({ quote, most }: { quote: JobQuote | null; most: string }) {
  if (quote === null) return <p className="min-h-10 text-ink-3 text-sm">Looking for nodes that fit …</p>;
  if (quote.cheapest)
    return (
      <p className="min-h-10 text-sm" aria-live="polite">
        <Amount units={quote.cheapest.pricePerHour} /> an hour at the cheapest of {quote.fits} node
        {quote.fits === 1 ? "" : "s"} that fit{quote.fits === 1 ? "s" : ""}
        {quote.busy === quote.fits ? ", all busy right now" : ""}: at most <Amount units={quote.cheapest.mostCost} />{" "}
        for the whole time. <span className="text-ink-3">Set aside until it ends: </span>
        <Amount units={most} />.
      </p>
    );
  const [nearest] = quote.nearest;
  return (
    <div className="min-h-10 text-sm" role="status">
      <p className="font-medium text-warn">No node fits this right now.</p>
      {nearest ? (
        <ul className="mt-1 list-disc pl-5 text-ink-2">
          {nearest.misses.map((miss) => (
            <li key={miss.field}>{miss.relax}</li>
          ))}
        </ul>
      ) : (
        <p className="text-ink-2">Nobody rents out a machine at the moment. The job would wait for one for a day.</p>
      )}
    </div>
  );
}
