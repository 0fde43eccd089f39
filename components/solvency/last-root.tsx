import type { SolvencyView } from "#core/schemas/solvency.ts";
import { Amount } from "../money/amount.tsx";
import { StatusBadge } from "../ui/badge.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";
import { Time } from "../ui/time.tsx";

/** What was last anchored: owed, held, and when. */
export function LastRoot({ solvency }: { solvency: SolvencyView | null }) {
  const last = solvency?.data.find(({ status }) => status === "anchored");
  if (!last)
    return (
      <p className="rounded-md border border-line p-4 text-ink-2 text-sm">
        No root is anchored yet. The first one follows the first deposit.
      </p>
    );
  return (
    <div className="flex flex-col gap-3">
      <StatGroup columns={3}>
        <Stat label="Owed" value={<Amount units={last.liabilities} />} detail="The sum of every balance" />
        <Stat label="Held by the Vault" value={<Amount units={last.reserves} />} detail="When the root was anchored" />
        <Stat
          label="Last root"
          value={`Epoch ${last.epoch}`}
          detail={last.anchoredAt ? <Time iso={last.anchoredAt} /> : undefined}
        />
      </StatGroup>
      {solvency?.status === "underfunded" && (
        <p className="flex flex-wrap items-center gap-2 text-sm">
          <StatusBadge kind="bad">Not covered</StatusBadge>
          {solvency.data[0]?.error} No newer root is anchored.
        </p>
      )}
    </div>
  );
}
