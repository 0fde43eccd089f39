"use client";

import { useEffect, useState } from "react";

const STEPS: readonly [limitSeconds: number, unitSeconds: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, 1, "second"],
  [3_600, 60, "minute"],
  [86_400, 3_600, "hour"],
  [2_592_000, 86_400, "day"],
  [31_536_000, 2_592_000, "month"],
  [Number.POSITIVE_INFINITY, 31_536_000, "year"],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

export function formatRelative(iso: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(iso) - nowMs) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  const [, unitSeconds, unit] = STEPS.find(([limit]) => size < limit) ?? [0, 1, "second" as const];
  return relative.format(Math.trunc(seconds / unitSeconds), unit);
}

const local = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** A moment: relative for the eye, local and UTC on hover, machine-readable underneath. */
export function Time({ iso, className, isExact = false }: { iso: string; className?: string; isExact?: boolean }) {
  const [nowMs, setNowMs] = useState<number | null>(null);

  useEffect(() => {
    setNowMs(Date.now());
    const timer = setInterval(() => setNowMs(Date.now()), 15_000);
    return () => clearInterval(timer);
  }, []);

  // Until the browser has taken over, server and browser show the same UTC text, whatever their time zones.
  const utc = `${iso.slice(0, 19).replace("T", " ")} UTC`;
  if (nowMs === null) {
    return (
      <time dateTime={iso} className={className}>
        {utc}
      </time>
    );
  }
  return (
    <time dateTime={iso} title={`${local.format(new Date(iso))} local · ${utc}`} className={className}>
      {isExact ? local.format(new Date(iso)) : formatRelative(iso, nowMs)}
    </time>
  );
}
