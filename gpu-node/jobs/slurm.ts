import { execFile } from "node:child_process";
import { chmod, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RentOptions } from "../options.ts";
import { bubblewrapArguments } from "./bubblewrap.ts";
import {
  type Exit,
  GRACE_MS,
  JobTrouble,
  type Output,
  type Runner,
  RunnerMissing,
  type RunningTask,
  type Task,
} from "./runner.ts";

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
  // The cluster says which cards the job was given; the other device files are closed to it by its own limits.
  const words = bubblewrapArguments(task, ALL_CARDS).map(quote);
  const cut = words.lastIndexOf(quote("--"), words.length - task.command.length);
  const inside = [
    ...words.slice(0, cut),
    `\${CUDA_VISIBLE_DEVICES:+--setenv CUDA_VISIBLE_DEVICES "$CUDA_VISIBLE_DEVICES"}`,
    ...words.slice(cut),
  ].join(" ");
  const beside = (name: string) => quote(join(task.folder, "..", name));
  return [
    "#!/bin/sh",
    "if ! command -v /usr/bin/bwrap > /dev/null; then echo 'bubblewrap is not installed on this machine of the cluster.' >&2; exit 125; fi",
    // The meter starts when this appears: the moment the job begins on its machine, however long it was queued.
    `: > ${beside("started")}`,
    `/usr/bin/bwrap ${inside} &`,
    // Asked to end, the job is asked, too; the batch waits for what it answers.
    "job=$!",
    `trap 'kill -TERM $(ps -o pid= --ppid "$(ps -o pid= --ppid $job | tr -d " ")") 2> /dev/null' TERM`,
    "code=255; while :; do wait $job; code=$?; kill -0 $job 2> /dev/null || break; done",
    // The controller forgets what has ended; this stays as long as the node wants it.
    `echo $code > ${beside("ended.part")} && mv ${beside("ended.part")} ${beside("ended")}`,
    "exit $code",
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

const ALL_CARDS = Array.from({ length: 16 }, (_, minor) => ({ minor }));

type State = { state: string; exitCode: number | null };

/** The state of a job and how its program ended, of `scontrol show job`. */
export function readState(text: string): State {
  const state = /\bJobState=(\w+)/.exec(text)?.[1] ?? "UNKNOWN";
  const code = /\bExitCode=(\d+):/.exec(text)?.[1];
  return { state, exitCode: code === undefined ? null : Number(code) };
}

/** The machine under the job went away, or was taken from it; the program did nothing wrong. */
const LOST = new Set(["NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "REVOKED", "SPECIAL_EXIT", "FORGOTTEN"]);
const ENDED = new Set(["COMPLETED", "FAILED", "TIMEOUT", "OUT_OF_MEMORY", "CANCELLED", "DEADLINE", ...LOST]);

function exitOf({ state, exitCode }: State, wasStopped: Exit["reason"]): Exit {
  if (wasStopped) return { exitCode: null, reason: wasStopped };
  // Cancelled by somebody else than this node: the cluster's own people took it away.
  if (LOST.has(state) || state === "CANCELLED") return { exitCode: null, reason: null, isLost: true };
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
    // Its machines are reached by the batch system alone; nobody there could make a job's way out.
    hasNetwork: false,
    capacity: async () => readCapacity((await sinfo()).stdout),
    clean: cancelLeft,
    start: (task, onOutput) => start(task, onOutput, options.slurmPartition),
  };
}

async function start(task: Task, onOutput: (output: Output) => void, partition: string | null): Promise<RunningTask> {
  const beside = join(task.folder, "..");
  await writeFile(join(beside, "batch.sh"), batchScript(task), { mode: 0o755 });
  // The cluster's machines write here as the user the node runs as.
  await chmod(beside, 0o755);
  const { stdout } = await run("sbatch", batchArguments(task, partition), { timeout: 30_000 }).catch((cause: Error) => {
    throw new JobTrouble(`sbatch refused: ${cause.message.split("\n").at(1) ?? cause.message}`, { cause });
  });
  const id = /^(\d+)/.exec(stdout)?.[1];
  if (!id) throw new JobTrouble(`sbatch did not say which job it made: ${stdout.slice(0, 200)}`);
  let stopped: Exit["reason"] = null;
  const cancel = async (reason: NonNullable<Exit["reason"]>, graceMs: number) => {
    stopped ??= reason;
    if (graceMs > 0) {
      const asked = run("scancel", ["--signal=TERM", "--batch", id], { timeout: 15_000 }).catch(() => undefined);
      await Promise.race([asked.then(() => exit), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    }
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
    stop: async (graceMs) => {
      await cancel("cancelled", graceMs);
      await exit;
    },
  };
}

type Following = {
  begin: () => void;
  cancel: (reason: NonNullable<Exit["reason"]>, graceMs: number) => Promise<void>;
  stopped: () => Exit["reason"];
  look: () => Promise<unknown>;
};

async function waitForEnd(id: string, task: Task, { begin, cancel, stopped, look }: Following): Promise<Exit> {
  let startedAt = 0;
  for (;;) {
    const state = await findState(id, join(task.folder, "..", "ended"));
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
    // Not waited for: the end it brings about is seen here.
    if (startedAt > 0 && stopped() === null && Date.now() - startedAt > task.timeLimitSeconds * 1_000)
      void cancel("time-limit", GRACE_MS);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The controller may be away for moments, and forgets ended jobs after minutes: then the batch's own word counts. */
async function findState(id: string, endedFile: string): Promise<State> {
  return run("scontrol", ["show", "job", "--oneliner", id], { timeout: 15_000 }).then(
    ({ stdout }) => readState(stdout),
    async (error: Error) => {
      if (!/Invalid job id/i.test(error.message)) return { state: "UNKNOWN", exitCode: null };
      const code = Number.parseInt(await readFile(endedFile, "utf8").catch(() => ""), 10);
      if (Number.isNaN(code)) return { state: "FORGOTTEN", exitCode: null };
      return { state: code === 0 ? "COMPLETED" : "FAILED", exitCode: code };
    },
  );
}

/** Ends what earlier runs of this program left on the cluster. */
async function cancelLeft(leaseIds: readonly string[]): Promise<void> {
  for (const id of leaseIds)
    await run("scancel", [`--name=converge-${id}`], { timeout: 15_000 }).catch(() => undefined);
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
