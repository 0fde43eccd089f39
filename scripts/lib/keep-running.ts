import { type Running, stopProgram } from "./processes.ts";

export type Kept = {
  pid: () => number | undefined;
  stop: (signal: NodeJS.Signals, graceMs: number) => Promise<void>;
};

const RESTART_MS_MIN = 500;
const RESTART_MS_MAX = 15_000;
/** A program that ran this long is healthy again: its next failure waits the shortest time. */
const HEALTHY_MS = 30_000;

/** Starts a program again whenever it ends by itself, later and later while it keeps failing. */
export function keepRunning(options: {
  name: string;
  logFile: string;
  first: Running;
  relaunch: () => Running | Promise<Running>;
  /** The longest pause before another try. */
  restartMsMax?: number;
  onChange?: () => void;
}): Kept {
  const { name, logFile, first, relaunch, restartMsMax = RESTART_MS_MAX, onChange } = options;
  let current = first;
  let relaunching: Promise<void> | null = null;
  let isStopping = false;

  function watch(running: Running, failures: number): void {
    const startedAt = Date.now();
    current = running;
    onChange?.();
    void running.exited.then((code) => {
      if (isStopping) return;
      const next = Date.now() - startedAt > HEALTHY_MS ? 0 : failures + 1;
      again(next, `ended (${code ?? "signal"})`);
    });
  }

  function again(failures: number, reason: string): void {
    const waitMs = Math.min(restartMsMax, RESTART_MS_MIN * 2 ** failures);
    process.stdout.write(`  ! ${name} ${reason}, starting it again in ${waitMs / 1000} s; its log: ${logFile}\n`);
    setTimeout(() => {
      if (isStopping) return;
      relaunching = Promise.resolve()
        .then(relaunch)
        .then(
          (running) => watch(running, failures),
          (error: Error) => {
            if (!isStopping) again(failures + 1, `did not start: ${error.message}`);
          },
        );
    }, waitMs).unref();
  }

  watch(first, 0);
  return {
    pid: () => current.child.pid,
    stop: async (signal, graceMs) => {
      isStopping = true;
      await relaunching;
      await stopProgram(current, signal, graceMs);
    },
  };
}
