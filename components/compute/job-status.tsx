import type { JobStatus as Status } from "#core/schemas/job.ts";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";

/** Each word says what the meter does: only "Running" costs money. */
const JOBS: StatusWords<Status> = {
  queued: ["idle", "Queued, free"],
  starting: ["busy", "Starting, free"],
  running: ["busy", "Running, metered"],
  delivering: ["busy", "Delivering, free"],
  succeeded: ["ok", "Succeeded"],
  failed: ["bad", "Failed"],
  cancelled: ["paused", "Cancelled"],
};

export const JobStatus = ({ status }: { status: Status }) => <StatusWord words={JOBS} status={status} />;

const END_WORDS: Record<string, string> = {
  "exit-code": "The program ended with an error.",
  "time-limit": "It reached its time limit.",
  "memory-limit": "It needed more memory, or more processes, than it had.",
  "disk-limit": "It wrote more than it had room for.",
  "start-failed": "The node could not start it. Nothing was charged for that.",
  "artifact-missing": "A file that was asked for was not there at the end.",
  "node-lost": "Two nodes were lost over it. Only what reached a checkpoint was charged.",
  cancelled: "It was cancelled.",
  "not-matched": "No node took it within a day. Nothing was charged.",
};

export const endWords = (reason: string | null): string | null =>
  reason === null ? null : (END_WORDS[reason] ?? reason);
