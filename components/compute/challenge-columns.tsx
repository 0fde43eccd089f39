import type { ChallengeView, DisputeView } from "#core/schemas/trust.ts";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";
import { numberColumn, timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";

const KINDS: Record<ChallengeView["kind"], string> = {
  fingerprint: "Is it the model?",
  "relay-probe": "Does it answer itself?",
  memory: "Is the memory there?",
  contention: "Is the card its own?",
  replay: "Would another say the same?",
};
const STATES: StatusWords<ChallengeView["status"]> = {
  queued: ["idle", "Waiting"],
  running: ["busy", "Under way"],
  answered: ["busy", "Being checked"],
  passed: ["ok", "Passed"],
  failed: ["bad", "Failed"],
  inconclusive: ["idle", "Said nothing"],
};
const DISPUTES: StatusWords<DisputeView["status"]> = {
  open: ["busy", "Open"],
  upheld: ["bad", "Suspension stands"],
  reversed: ["ok", "Suspension lifted"],
};

export const DisputeStatus = ({ status }: { status: DisputeView["status"] }) => (
  <StatusWord words={DISPUTES} status={status} />
);

const milliseconds = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const CHALLENGE_COLUMNS: readonly Column<ChallengeView>[] = [
  timeColumn("When", (row) => row.createdAt, { from: "sm" }),
  {
    id: "what",
    header: "Test",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <span className="block font-medium">{KINDS[row.kind]}</span>
        <span className="block truncate text-ink-3 text-xs">
          {row.nodeName}
          {row.memoryMb !== null && `, ${milliseconds.format(row.memoryMb)} MB`}
          {row.peers > 0 && `, beside ${row.peers} other${row.peers === 1 ? "" : "s"}`}
        </span>
        {row.finding !== null && <span className="block text-ink-2 text-xs">{row.finding}</span>}
      </span>
    ),
  },
  { id: "status", header: "Result", cell: (row) => <StatusWord words={STATES} status={row.status} /> },
  numberColumn("Took", (row) => `${milliseconds.format(row.deviceMs)} ms`, { from: "sm" }),
];
