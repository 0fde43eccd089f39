"use client";

import Link from "next/link";
import type { ApiOutput } from "../api/api-types.ts";
import { Time } from "../ui/time.tsx";
import { NoticeLine } from "./notice-line.tsx";

type Overview = ApiOutput["admin"]["overview"];

/** What the last comparison of ledger and chain found. */
export function ReconciliationLine({ overview }: { overview: Overview | undefined }) {
  const last = overview?.reconciliation;
  if (!last) return null;
  const { id, status, finishedAt, findingCount, hasChain } = last;
  const isDone = status === "done" && hasChain;
  const kind = findingCount > 0 ? "bad" : isDone ? "ok" : "warn";
  const count = findingCount === 1 ? "1 difference" : `${findingCount} differences`;
  return (
    <NoticeLine kind={kind} word={findingCount > 0 ? "The books differ" : isDone ? "The books agree" : "Not compared"}>
      <span>
        {findingCount > 0 && <span className="font-medium">{count}. </span>}
        Ledger and chain {isDone ? "were compared" : "could not be compared"} <Time iso={finishedAt} />.
      </span>
      <Link
        href={`/admin/reconciliation?run=${id}`}
        className="rounded-sm underline underline-offset-4 hover:text-ink sm:ml-auto"
      >
        {findingCount > 0 ? "See every difference" : "Reconciliation"}
      </Link>
    </NoticeLine>
  );
}
