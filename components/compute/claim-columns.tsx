import type { StakeClaimView } from "#core/schemas/stake.ts";
import { Amount } from "../money/amount.tsx";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { Time } from "../ui/time.tsx";

const STATES: StatusWords<StakeClaimView["status"]> = {
  ordered: ["busy", "On its way"],
  open: ["warn", "Open"],
  contested: ["warn", "Contested"],
  upheld: ["bad", "Taken"],
  dismissed: ["ok", "Given up"],
  failed: ["idle", "Refused"],
};

const untilOf = ({ status, respondBy, decideBy }: StakeClaimView): string | null =>
  status === "open" ? respondBy : status === "contested" ? decideBy : null;

/** A claim on a stake, for whoever looks at it. */
export const CLAIM_COLUMNS: readonly Column<StakeClaimView>[] = [
  timeColumn("Claimed", (row) => row.createdAt, { from: "sm" }),
  {
    id: "what",
    header: "Why",
    cell: (row) => {
      const until = untilOf(row);
      return (
        <span className="block min-w-0 py-1">
          <span className="block font-medium">{row.nodeName}</span>
          <span className="block text-ink-2 text-sm">{row.reason}</span>
          {until !== null && (
            <span className="block text-ink-3 text-xs">
              {row.status === "open" ? "To be answered " : "To be decided "}
              <Time iso={until} />
            </span>
          )}
          {row.error !== null && <span className="block text-ink-3 text-xs">{row.error}</span>}
        </span>
      );
    },
  },
  { id: "status", header: "Status", cell: (row) => <StatusWord words={STATES} status={row.status} /> },
  { id: "amount", header: "Amount", align: "right", cell: (row) => <Amount units={row.slashed ?? row.amount} /> },
];
