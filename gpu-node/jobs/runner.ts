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
};
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
  /** Ends it, and everything it began. */
  stop: () => Promise<void>;
};

/** What keeps jobs apart from the machine and from each other. */
export type Runner = {
  name: RunnerName;
  hasImages: boolean;
  /** What it has to rent out; null for what this machine itself has. */
  capacity: () => Promise<Pick<RentalOffer, "cpuCores" | "memoryMb" | "gpus"> | null>;
  start: (task: Task, onOutput: (output: Output) => void) => Promise<RunningTask>;
};

/** Why a runner is not there, as a sentence with its remedy. */
export class RunnerMissing extends Error {
  override readonly name = "RunnerMissing";
}
