import { join } from "node:path";
import { type Kept, keepRunning } from "./keep-running.ts";
import { startProgram } from "./processes.ts";
import { NODE_FLAGS, root } from "./services.ts";

export type Program = { name: string; file: string; args?: string[]; env: NodeJS.ProcessEnv };

/** Keeps the programs of this repository running: each restarts alone. */
export function createSupervisor(home: string, onChange: () => void) {
  const kept = new Map<string, Kept>();

  function start({ name, file, args = [], env }: Program): void {
    const logFile = join(home, `${name}.log`);
    const launch = () =>
      startProgram(process.execPath, [...NODE_FLAGS, join(root, file), ...args], {
        cwd: root,
        env: { ...env, CONVERGE_PROCESS: name },
        // Ctrl-C goes to the supervisor alone, which ends the programs in order.
        detached: true,
        logFile,
      });
    kept.set(name, keepRunning({ name, logFile, first: launch(), relaunch: launch, onChange }));
    onChange();
  }

  return {
    start,
    pids: () =>
      Object.fromEntries(
        [...kept].flatMap(([name, program]): [string, number][] => {
          const pid = program.pid();
          return pid === undefined ? [] : [[name, pid]];
        }),
      ),
    stop: async (names: string[], graceMs: number) => {
      await Promise.all(names.map((name) => kept.get(name)?.stop("SIGTERM", graceMs)));
    },
  };
}
