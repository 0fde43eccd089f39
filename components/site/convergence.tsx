"use client";

import { useEffect, useState } from "react";
import type { PublicTotals } from "#core/schemas/public-totals.ts";
import { Amount } from "../money/amount.tsx";
import { postingWord } from "../money/posting-words.ts";
import { Time } from "../ui/time.tsx";
import { PILLAR_TEXTS, type PillarText } from "./pillars.ts";

const REFRESH_MS = 5_000;
const count = new Intl.NumberFormat("en");
const plural = (value: number, one: string, many: string): string =>
  `${count.format(value)} ${value === 1 ? one : many}`;

/** Asks again every few seconds while the page is looked at; keeps what it had when an answer does not come. */
function useTotals(initial: PublicTotals | null): PublicTotals | null {
  const [totals, setTotals] = useState(initial);
  useEffect(() => {
    const refresh = async () => {
      if (document.hidden) return;
      const response = await fetch("/api/v1/stats").catch(() => null);
      if (!response?.ok) return;
      setTotals((await response.json()) as PublicTotals);
    };
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  return totals;
}

function Figures({ pillar, totals }: { pillar: PillarText; totals: PublicTotals | null }) {
  if (totals === null) return null;
  const figures = {
    compute: [
      plural(totals.compute.nodesOnline, "node online", "nodes online"),
      plural(totals.compute.completions, "completion", "completions"),
    ],
    agents: [plural(totals.agents.agents, "agent", "agents"), plural(totals.agents.payments, "payment", "payments")],
    proofs: [
      plural(totals.proofs.models, "model", "models"),
      plural(totals.proofs.verified, "proof verified", "proofs verified"),
    ],
    rewards: [
      plural(totals.rewards.events, "event counted", "events counted"),
      plural(totals.rewards.people, "person paid", "people paid"),
    ],
  } as const;
  return (
    <p className="tabular mt-2 flex flex-wrap gap-x-4 text-ink-3 text-xs">
      {figures[pillar.key].map((figure) => (
        <span key={figure}>{figure}</span>
      ))}
    </p>
  );
}

const STRAND_STARTS = [12.5, 37.5, 62.5, 87.5];

/** Four strands, one from each pillar, that become the one line of the ledger: across on wide screens, down on a phone. */
function Strands({ isDown, className }: { isDown: boolean; className: string }) {
  const at = (along: number, aside: number): string => (isDown ? `${aside} ${along}` : `${along} ${aside}`);
  const meeting = isDown ? 76 : 82;
  return (
    <svg
      viewBox="0 0 100 100"
      preserveAspectRatio="none"
      fill="none"
      strokeWidth="1.5"
      aria-hidden="true"
      className={className}
    >
      {PILLAR_TEXTS.map((pillar, index) => {
        const start = STRAND_STARTS[index] ?? 50;
        return (
          <path
            key={pillar.key}
            d={`M${at(0, start)} C ${at(48, start)}, ${at(36, 50)}, ${at(meeting, 50)}`}
            stroke={pillar.stroke}
            vectorEffect="non-scaling-stroke"
          />
        );
      })}
      <path
        d={`M${at(meeting, 50)} L ${at(100, 50)}`}
        stroke="var(--ink)"
        strokeWidth="2"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

function Ledger({ totals }: { totals: PublicTotals | null }) {
  const recent = totals?.ledger.recent ?? [];
  return (
    <section
      aria-labelledby="ledger-title"
      className="flex h-full flex-col rounded-md border border-line bg-surface border-t-2 border-t-ink lg:my-auto lg:h-auto lg:border-t lg:border-l-2 lg:border-t-line lg:border-l-ink"
    >
      <div className="flex items-baseline justify-between gap-4 border-line border-b px-4 py-3">
        <h2 id="ledger-title" className="font-medium text-base">
          The ledger, now
        </h2>
        {totals !== null && (
          <p className="tabular text-ink-3 text-xs">
            {plural(totals.ledger.transfers, "posting", "postings")} ·{" "}
            {plural(totals.ledger.accounts, "account", "accounts")}
          </p>
        )}
      </div>
      {recent.length === 0 ? (
        <p className="px-4 py-8 text-ink-2 text-sm">
          {totals === null
            ? "The ledger did not answer. Nothing is shown rather than something old."
            : "No posting yet. The tour makes the first ones, and they appear here as they happen."}
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {recent.map((posting) => (
            <li
              key={posting.id}
              className="fade-in grid animate-in grid-cols-[1fr_auto] items-baseline gap-x-4 px-4 py-2.5 text-sm"
            >
              <span className="truncate">{postingWord(posting.kind)}</span>
              <Amount units={posting.amount} asset={posting.asset} className="text-right font-medium" />
              <span className="tabular font-mono text-ink-3 text-xs">#{posting.id}</span>
              <Time iso={posting.at} className="text-right text-ink-3 text-xs" />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** The platform in one picture, with the figures it has at this moment. */
export function Convergence({ initial }: { initial: PublicTotals | null }) {
  const totals = useTotals(initial);
  return (
    <div className="grid grid-cols-1 lg:grid-cols-[minmax(0,5fr)_minmax(96px,2fr)_minmax(0,5fr)]">
      <ul className="grid divide-y divide-line rounded-md border border-line bg-surface lg:grid-rows-4">
        {PILLAR_TEXTS.map((pillar) => (
          <li key={pillar.key} className="flex gap-3 p-4">
            <span aria-hidden className={`mt-0.5 h-4 w-1 shrink-0 rounded-full ${pillar.mark}`} />
            <div className="min-w-0">
              <h2 className="font-medium text-base">{pillar.name}</h2>
              <p className="mt-0.5 text-ink-2 text-sm">{pillar.line}</p>
              <Figures pillar={pillar} totals={totals} />
            </div>
          </li>
        ))}
      </ul>
      <Strands isDown={false} className="hidden h-full w-full lg:block" />
      <Strands isDown className="h-20 w-full lg:hidden" />
      <Ledger totals={totals} />
    </div>
  );
}
