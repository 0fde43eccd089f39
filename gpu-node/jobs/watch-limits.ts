import { PROCESSES_MAX } from "./cgroup.ts";
import { deletedBytes, FolderHidden, folderBytes } from "./folder-size.ts";
import { readTree, usageOf } from "./process-tree.ts";
import type { Task } from "./runner.ts";

const LOOK_MS = 250;
const LOOK_AT_DISK_EVERY = 4;
const MIB = 1024 * 1024;
/** What a job may be ahead of its share before it is held back. */
const PROCESSOR_AHEAD_MS = 20;
const PAUSE_MS_MAX = 2_000;

type Watched = {
  pid: number;
  task: Task;
  /** Whether the kernel holds the processor share already. */
  isProcessorHeld: boolean;
  kill: (why: "memory-limit" | "disk-limit") => void;
};

const signalAll = (pids: readonly number[], signal: "SIGSTOP" | "SIGCONT"): void => {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended in between.
    }
  }
};

/** Holds what no group of the kernel holds here, a moment later than one would. */
export function watchLimits({ pid, task, isProcessorHeld, kill }: Watched): () => void {
  const { cpuCores, memoryMb, diskMb } = task.resources;
  let isOver = false;
  let looks = 0;
  let before = { at: performance.now(), cpuSeconds: 0 };
  let aheadMs = 0;

  async function lookAtDisk(pids: readonly number[]): Promise<void> {
    const bytes = await Promise.all([folderBytes(task.folder), deletedBytes(pids)]).catch((error: unknown) => {
      if (error instanceof FolderHidden) return [Number.POSITIVE_INFINITY, 0];
      throw error;
    });
    if ((bytes[0] ?? 0) + (bytes[1] ?? 0) > diskMb * MIB) kill("disk-limit");
  }

  /** Who used more than its share pauses until it is its share again. What it left unused is not saved up. */
  async function holdProcessor(pids: readonly number[], cpuSeconds: number): Promise<void> {
    const at = performance.now();
    const allowedMs = (at - before.at) * cpuCores;
    const usedMs = (cpuSeconds - before.cpuSeconds) * 1_000;
    before = { at, cpuSeconds };
    aheadMs = Math.max(0, aheadMs + usedMs - allowedMs);
    if (aheadMs <= PROCESSOR_AHEAD_MS) return;
    signalAll(pids, "SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, Math.min(PAUSE_MS_MAX, aheadMs / cpuCores)));
    signalAll(pids, "SIGCONT");
  }

  async function look(): Promise<void> {
    const tree = await readTree(pid);
    const { memoryBytes, processes, cpuSeconds } = usageOf(tree);
    if (memoryBytes > memoryMb * MIB || processes > PROCESSES_MAX) kill("memory-limit");
    const pids = tree.map((one) => one.pid);
    looks += 1;
    if (looks % LOOK_AT_DISK_EVERY === 0) await lookAtDisk(pids);
    if (!isProcessorHeld) await holdProcessor(pids, cpuSeconds);
  }

  const next = () => {
    if (isOver) return;
    setTimeout(
      () =>
        void look()
          .catch(() => undefined)
          .finally(next),
      LOOK_MS,
    );
  };
  next();
  return () => {
    isOver = true;
  };
}
