"use client";

import Link from "next/link";
import type { ApiOutput } from "../api/api-types.ts";
import { Amount } from "../money/amount.tsx";
import type { StatusKind } from "../ui/badge.tsx";
import { Time } from "../ui/time.tsx";
import { NoticeLine } from "./notice-line.tsx";

type Overview = ApiOutput["admin"]["overview"];
type Status = NonNullable<Overview["solvency"]>["status"];

const WORDS: Record<Status, [StatusKind, string]> = {
  anchored: ["ok", "Covered"],
  built: ["busy", "Being anchored"],
  failed: ["bad", "Root refused"],
  underfunded: ["bad", "Not covered"],
};

/** Whether the Vault covers what is owed, as of the newest snapshot. */
export function SolvencyLine({ overview }: { overview: Overview | undefined }) {
  const solvency = overview?.solvency;
  if (!solvency) return null;
  const [kind, word] = WORDS[solvency.status];
  return (
    <NoticeLine kind={kind} word={word}>
      <span>
        <Amount units={solvency.liabilities.units} /> owed, <Amount units={solvency.reserves.units} /> in the Vault
        {solvency.anchoredAt && (
          <>
            , anchored <Time iso={solvency.anchoredAt} />
          </>
        )}
        .
      </span>
      {solvency.error && <span className="font-medium">{solvency.error}</span>}
      <Link href="/verify/balance" className="rounded-sm underline underline-offset-4 hover:text-ink sm:ml-auto">
        Epoch {solvency.epoch}
      </Link>
    </NoticeLine>
  );
}
