import type { RunnerName } from "../../core/schemas/job.ts";
import type { LeaseOrder, RentalOffer } from "../../core/schemas/job-protocol.ts";

/** One job as a runner is given it: its inputs lie in the folder already. */
export type Task = Pick<
  LeaseOrder,
  "leaseId" | "command" | "image" | "env" | "resources" | "network" | "timeLimitSeconds"
> & {
  /** The job's own folder: all it may write. */
  folder: string;
};

export type Exit = {
  exitCode: number | null;
  /** Null when the program ended by itself. */
  reason: "time-limit" | "memory-limit" | "disk-limit" | "cancelled" | null;
  /** The machine under it was lost: that is no end of the program's own, and another may begin it again. */
  isLost?: boolean;
};

/** How long a program may go on after it was asked to end: time to write down how far it came. */
export const GRACE_MS = 5_000;
export type Output = { stream: "stdout" | "stderr"; text: string };
export type Usage = {
  cpuPercent: number | null;
  memoryBytes: number | null;
  gpuPercent: number | null;
  gpuMemoryBytes: number | null;
};

export type RunningTask = {
  /** Resolves when the program runs; rejects when it never will. */
  ready: Promise<void>;
  exit: Promise<Exit>;
  usage: () => Promise<Usage | null>;
  /** Ends it, and everything it began: asked to first where it is given time for that, then killed. */
  stop: (graceMs: number) => Promise<void>;
};

/** What keeps jobs apart from the machine and from each other. */
export type Runner = {
  name: RunnerName;
  hasImages: boolean;
  /** Whether it can give a job the internet and nothing else of the network around. */
  hasNetwork: boolean;
  /** What it has to rent out; null for what this machine itself has. */
  capacity: () => Promise<Pick<RentalOffer, "cpuCores" | "memoryMb" | "gpus"> | null>;
  start: (task: Task, onOutput: (output: Output) => void) => Promise<RunningTask>;
  /** Ends what earlier runs of this program left behind, by their leases. */
  clean: (leaseIds: readonly string[]) => Promise<void>;
};

/** Something went wrong around a job that another node, or a later moment, may not have. */
export class JobTrouble extends Error {
  override readonly name = "JobTrouble";
}

/** Why a runner is not there, as a sentence with its remedy. */
export class RunnerMissing extends Error {
  override readonly name = "RunnerMissing";
}
