import { execFile } from "node:child_process";
import { chmod, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RentOptions } from "../options.ts";
import { bubblewrapArguments } from "./bubblewrap.ts";
import { type Exit, type Output, type Runner, RunnerMissing, type RunningTask, type Task } from "./runner.ts";

const run = promisify(execFile);
const LOOK_MS = 500;
const READ_BYTES = 65_536;

/** Makes a text one word of a shell, whatever it holds. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * What the cluster runs: the job under bubblewrap where the machine that got it has it, so that it sees as little of
 * the cluster as of a single host; where it has none, the batch ends before the job begins.
 */
export function batchScript(task: Task): string {
  const inside = bubblewrapArguments(task).map(quote).join(" ");
  return [
    "#!/bin/sh",
    "if ! command -v /usr/bin/bwrap > /dev/null; then echo 'bubblewrap is not installed on this machine of the cluster.' >&2; exit 125; fi",
    // The meter starts when this appears: the moment the job begins on its machine, however long it was queued.
    `: > ${quote(join(task.folder, "..", "started"))}`,
    `exec /usr/bin/bwrap ${inside}`,
    "",
  ].join("\n");
}

export function batchArguments(task: Task, partition: string | null): string[] {
  const { cpuCores, memoryMb, gpuCount } = task.resources;
  const beside = join(task.folder, "..");
  return [
    "--parsable",
    `--job-name=converge-${task.leaseId}`,
    "--nodes=1",
    "--ntasks=1",
    `--cpus-per-task=${cpuCores}`,
    `--mem=${memoryMb}M`,
    // Slurm counts in minutes and ends a job within one of its limit; the node ends it at the second.
    `--time=${Math.ceil(task.timeLimitSeconds / 60) + 1}`,
    ...(gpuCount > 0 ? [`--gres=gpu:${gpuCount}`] : []),
    ...(partition ? [`--partition=${partition}`] : []),
    "--export=NONE",
    "--no-requeue",
    `--chdir=${beside}`,
    `--output=${join(beside, "stdout")}`,
    `--error=${join(beside, "stderr")}`,
    join(beside, "batch.sh"),
  ];
}

type State = { state: string; exitCode: number | null };

/** The state of a job and how its program ended, of `scontrol show job`. */
export function readState(text: string): State {
  const state = /\bJobState=(\w+)/.exec(text)?.[1] ?? "UNKNOWN";
  const code = /\bExitCode=(\d+):/.exec(text)?.[1];
  return { state, exitCode: code === undefined ? null : Number(code) };
}

const ENDED = new Set([
  "COMPLETED",
  "FAILED",
  "TIMEOUT",
  "OUT_OF_MEMORY",
  "NODE_FAIL",
  "PREEMPTED",
  "CANCELLED",
  "BOOT_FAIL",
  "DEADLINE",
]);

function exitOf({ state, exitCode }: State, wasStopped: Exit["reason"]): Exit {
  if (wasStopped) return { exitCode: null, reason: wasStopped };
  if (state === "TIMEOUT" || state === "DEADLINE") return { exitCode: null, reason: "time-limit" };
  if (state === "OUT_OF_MEMORY") return { exitCode, reason: "memory-limit" };
  return { exitCode: state === "COMPLETED" ? 0 : exitCode === 0 ? 1 : exitCode, reason: null };
}

/** What the cluster has in all, of `sinfo`: cores, memory in MB and GPUs of every machine that takes jobs. */
export function readCapacity(text: string): {
  cpuCores: number;
  memoryMb: number;
  gpus: { model: string; memoryMb: number; count: number }[];
} {
  let [cpuCores, memoryMb] = [0, 0];
  const gpus = new Map<string, number>();
  const seen = new Set<string>();
  for (const line of text.trim().split("\n")) {
    const [name = "", cores, memory, gres = "", state = ""] = line.split("|");
    if (name === "" || seen.has(name) || /down|drain|fail|maint|unk/i.test(state)) continue;
    seen.add(name);
    cpuCores += Number(cores) || 0;
    memoryMb += Number(memory) || 0;
    for (const [, model = "GPU", count = "1"] of gres.matchAll(/gpu:(?:([A-Za-z0-9_.-]+):)?(\d+)/g))
      gpus.set(model, (gpus.get(model) ?? 0) + Number(count));
  }
  return { cpuCores, memoryMb, gpus: [...gpus].map(([model, count]) => ({ model, memoryMb: 1, count })) };
}

/** A Slurm cluster of any size behind this node, through its own commands. */
export async function openSlurm(options: Pick<RentOptions, "slurmPartition">): Promise<Runner> {
  const sinfo = () => run("sinfo", ["--noheader", "--Node", "--format=%N|%c|%m|%G|%T"], { timeout: 15_000 });
  await sinfo().catch((cause: Error) => {
    throw new RunnerMissing(`Slurm's sinfo does not answer here: ${cause.message.split("\n")[0]}`, { cause });
  });
  return {
    name: "slurm",
    hasImages: false,
    capacity: async () => readCapacity((await sinfo()).stdout),
    start: (task, onOutput) => start(task, onOutput, options.slurmPartition),
  };
}

async function start(task: Task, onOutput: (output: Output) => void, partition: string | null): Promise<RunningTask> {
  const beside = join(task.folder, "..");
  await writeFile(join(beside, "batch.sh"), batchScript(task), { mode: 0o755 });
  // The cluster's machines write here as the user the node runs as.
  await chmod(beside, 0o755);
  const { stdout } = await run("sbatch", batchArguments(task, partition), { timeout: 30_000 });
  const id = /^(\d+)/.exec(stdout)?.[1];
  if (!id) throw new Error(`sbatch did not say which job it made: ${stdout.slice(0, 200)}`);
  let stopped: Exit["reason"] = null;
  const cancel = (reason: NonNullable<Exit["reason"]>) => {
    stopped ??= reason;
    return run("scancel", ["--signal=KILL", "--full", id], { timeout: 15_000 })
      .catch(() => undefined)
      .then(() => run("scancel", [id], { timeout: 15_000 }))
      .then(() => undefined)
      .catch(() => undefined);
  };
  let begin: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const follow = [
    followFile(join(beside, "stdout"), "stdout", onOutput),
    followFile(join(beside, "stderr"), "stderr", onOutput),
  ];
  const exit = waitForEnd(id, task, {
    begin,
    cancel,
    stopped: () => stopped,
    look: () => Promise.all(follow.map((one) => one())),
  });
  return {
    ready,
    exit,
    usage: async () => null,
    stop: async () => {
      await cancel("cancelled");
      await exit;
    },
  };
}

type Following = {
  begin: () => void;
  cancel: (reason: NonNullable<Exit["reason"]>) => Promise<void>;
  stopped: () => Exit["reason"];
  look: () => Promise<unknown>;
};

async function waitForEnd(id: string, task: Task, { begin, cancel, stopped, look }: Following): Promise<Exit> {
  let startedAt = 0;
  for (;;) {
    const state = await findState(id);
    const hasStarted = await readFile(join(task.folder, "..", "started")).then(
      () => true,
      () => false,
    );
    if (hasStarted && startedAt === 0) {
      startedAt = Date.now();
      begin();
    }
    await look();
    if (ENDED.has(state.state)) {
      // Files of another machine may arrive a moment after the word that it ended.
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      await look();
      if (startedAt === 0) begin();
      return exitOf(state, stopped());
    }
    if (startedAt > 0 && Date.now() - startedAt > task.timeLimitSeconds * 1_000) await cancel("time-limit");
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The controller forgets ended jobs after minutes, and may be away for moments: neither is an end. */
async function findState(id: string): Promise<State> {
  return run("scontrol", ["show", "job", "--oneliner", id], { timeout: 15_000 }).then(
    ({ stdout }) => readState(stdout),
    (error: Error) =>
      /Invalid job id/i.test(error.message)
        ? { state: "COMPLETED", exitCode: 0 }
        : { state: "UNKNOWN", exitCode: null },
  );
}

/** Reads what was added to a file since the last look. */
function followFile(path: string, stream: Output["stream"], onOutput: (output: Output) => void): () => Promise<void> {
  let at = 0;
  const decoder = new TextDecoder();
  return async () => {
    const file = await open(path).catch(() => null);
    if (!file) return;
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at);
        if (bytesRead === 0) return;
        at += bytesRead;
        onOutput({ stream, text: decoder.decode(buffer.subarray(0, bytesRead), { stream: true }) });
      }
    } finally {
      await file.close();
    }
  };
}
