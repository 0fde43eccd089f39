import { join } from "node:path";
import { type Running, startProgram, stopProgram } from "./processes.ts";
import { NODE_FLAGS, root } from "./services.ts";

export type Program = { name: string; file: string; args?: string[]; env: NodeJS.ProcessEnv };

const RESTART_MS_MIN = 500;
const RESTART_MS_MAX = 15_000;
/** A program that ran this long is healthy again: its next failure waits the shortest time. */
const HEALTHY_MS = 30_000;

/** Keeps programs running: each restarts alone, later and later while it keeps failing. */
export function createSupervisor(home: string, onChange: () => void) {
  const running = new Map<string, Running>();
  const stopping = new Set<string>();

  function launch(program: Program, failures: number): void {
    const startedAt = Date.now();
    const started = startProgram(process.execPath, [...NODE_FLAGS, join(root, program.file), ...(program.args ?? [])], {
      cwd: root,
      env: { ...program.env, CONVERGE_PROCESS: program.name },
      // Ctrl-C goes to the supervisor alone, which ends the programs in order.
      detached: true,
      logFile: join(home, `${program.name}.log`),
    });
    running.set(program.name, started);
    onChange();
    void started.exited.then((code) => {
      if (stopping.has(program.name)) return;
      const next = Date.now() - startedAt > HEALTHY_MS ? 0 : failures + 1;
      const waitMs = Math.min(RESTART_MS_MAX, RESTART_MS_MIN * 2 ** next);
      process.stdout.write(
        `  ! ${program.name} ended (${code ?? "signal"}), starting it again in ${waitMs / 1000} s; its log: ${join(home, `${program.name}.log`)}\n`,
      );
      setTimeout(() => {
        if (!stopping.has(program.name)) launch(program, next);
      }, waitMs).unref();
    });
  }

  return {
    start: (program: Program) => launch(program, 0),
    pids: () => Object.fromEntries([...running].flatMap(([name, { child }]) => (child.pid ? [[name, child.pid]] : []))),
    stop: async (names: string[], graceMs: number) => {
      for (const name of names) stopping.add(name);
      await Promise.all(
        names.map((name) => running.get(name)).map((one) => (one ? stopProgram(one, "SIGTERM", graceMs) : undefined)),
      );
    },
  };
}
