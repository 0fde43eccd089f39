import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import { TRAIN_COMMAND } from "../../core/schemas/training.ts";
import { createCgroup, PROCESSES_MAX, removeLeftGroups } from "./cgroup.ts";
import { type Card, type CardPool, cardUsage, withCards } from "./job-gpus.ts";
import { connectJob, GO_FD, hasJobNetwork, inOwnNetwork, JOB_RESOLVER, WAITING_FD } from "./job-network.ts";
import { createUsageReader, readTree } from "./process-tree.ts";
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
import { watchLimits } from "./watch-limits.ts";

/** Where a job finds its own folder, and what the node brings along for it. */
export const JOB_FOLDER = "/job";
const BROUGHT = "/opt/converge";
/** Nothing of the node's own environment is handed on, not even to the shell that starts the job. */
const SCRUBBED: NodeJS.ProcessEnv = { NODE_ENV: "production", PATH: "/usr/bin:/bin" };
const WAITING_MS = 10_000;

const here = import.meta.dirname;

/** A program of the node's own under its short name, as the job's world knows it. */
export function commandLine(command: readonly string[]): string[] {
  if (command[0] !== TRAIN_COMMAND) return [...command];
  return [`${BROUGHT}/node`, "--disable-warning=ExperimentalWarning", `${BROUGHT}/train/main.ts`, ...command.slice(1)];
}

/** What of the host a job sees: its programs and nothing else, all read-only; its own folder is all it can write. */
export function bubblewrapArguments(task: Task, cards: readonly Pick<Card, "minor">[] = []): string[] {
  const isOnline = task.network === "internet";
  const tied = (path: string) => ["--ro-bind-try", path, path];
  const environment = {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: JOB_FOLDER,
    TMPDIR: "/tmp",
    LANG: "C.UTF-8",
    ...(task.resources.gpuCount === 0 ? { CUDA_VISIBLE_DEVICES: "" } : {}),
    ...task.env,
  };
  return [
    "--die-with-parent",
    "--new-session",
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
    // One that asked for the internet is begun in a network of its own already; see job-network.ts.
    ...(isOnline ? [] : ["--unshare-net"]),
    "--disable-userns",
    "--hostname",
    "job",
    "--uid",
    "65534",
    "--gid",
    "65534",
    "--cap-drop",
    "ALL",
    "--clearenv",
    ...Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
    "--ro-bind",
    "/usr",
    "/usr",
    ...["bin", "sbin", "lib", "lib64"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]),
    ...["/etc/alternatives", "/etc/ld.so.cache", "/etc/ssl/certs", "/etc/localtime"].flatMap(tied),
    ...(isOnline ? ["--ro-bind", resolverFile(task), "/etc/resolv.conf"] : []),
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    // Memory that no process is charged for, in a size that does no harm.
    "--size",
    String(64 * 1024 * 1024),
    "--tmpfs",
    "/dev/shm",
    ...(task.resources.gpuCount > 0
      ? ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", ...cards.map(({ minor }) => `nvidia${minor}`)].flatMap(
          (name) => ["--dev-bind-try", `/dev/${name}`, `/dev/${name}`],
        )
      : []),
    "--size",
    String(64 * 1024 * 1024),
    "--tmpfs",
    "/tmp",
    "--ro-bind",
    process.execPath,
    `${BROUGHT}/node`,
    "--ro-bind",
    join(here, "train"),
    `${BROUGHT}/train`,
    "--bind",
    task.folder,
    JOB_FOLDER,
    "--chdir",
    JOB_FOLDER,
    "--",
    ...commandLine(task.command),
  ];
}

const resolverFile = ({ folder }: Task): string => join(folder, "..", "resolv.conf");

/** Runs a program to see whether jobs can be kept apart on this machine at all. */
export async function openBubblewrap(pool: CardPool): Promise<Runner> {
  if (process.platform !== "linux" || !existsSync("/usr/bin/bwrap"))
    throw new RunnerMissing("bubblewrap is not installed (Debian and Ubuntu: apt install bubblewrap).");
  const probe: Task = {
    leaseId: "probe",
    command: ["true"],
    image: null,
    env: {},
    resources: { cpuCores: 1, memoryMb: 64, diskMb: 16, gpuCount: 0 },
    network: "none",
    timeLimitSeconds: 5,
    folder: here,
  };
  await promisify(execFile)("/usr/bin/bwrap", bubblewrapArguments(probe), { timeout: 10_000 }).catch((cause: Error) => {
    throw new RunnerMissing(
      `bubblewrap cannot make namespaces here: ${cause.message.split("\n").at(-2) ?? cause.message}`,
      { cause },
    );
  });
  return {
    name: "bubblewrap",
    hasImages: false,
    hasNetwork: hasJobNetwork(),
    capacity: async () => null,
    // Its processes end with the node.
    clean: removeLeftGroups,
    start: (task, onOutput) => withCards(pool, task.resources, (cards) => start(task, cards, onOutput)),
  };
}

/** Limits that the kernel holds without a group: the size of one file, no core dumps, open files, processor time. */
const prlimitArguments = ({ resources, timeLimitSeconds }: Task): string[] => [
  `--fsize=${resources.diskMb * 1024 * 1024}`,
  "--core=0",
  "--nofile=4096",
  `--nproc=${PROCESSES_MAX}`,
  `--cpu=${(timeLimitSeconds + 5) * resources.cpuCores}`,
];

type Child = ReturnType<typeof spawn>;

async function start(task: Task, cards: readonly Card[], onOutput: (output: Output) => void): Promise<RunningTask> {
  const cgroup = await createCgroup(`converge-${task.leaseId}`, task.resources);
  if (task.network === "internet") await writeFile(resolverFile(task), JOB_RESOLVER, { mode: 0o644 });
  const child = spawnJob(task, cards, cgroup.entries);
  const pid = child.pid ?? 0;
  let reason: Exit["reason"] = null;
  const kill = (why: NonNullable<Exit["reason"]>) => {
    reason ??= why;
    killAll(child);
  };
  /** Asks the job's own processes to end, and kills what is left of them after the time it is given. */
  const end = async (why: NonNullable<Exit["reason"]>, graceMs: number) => {
    reason ??= why;
    if (graceMs > 0 && (await askToEnd(pid)))
      await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
    kill(why);
  };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8");
    child[name]?.on("data", (text: string) => onOutput({ stream: name, text }));
  }
  const closed = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  const spawned = new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const network = task.network === "internet" ? spawned.then(() => goOnline(child)) : null;
  network?.catch(() => kill("cancelled"));
  const timer = setTimeout(() => void end("time-limit", GRACE_MS), task.timeLimitSeconds * 1_000);
  const stopWatching = watchLimits({ pid, task, isProcessorHeld: cgroup.holdsProcessor, kill });
  const exit = closed.then(async (code): Promise<Exit> => {
    clearTimeout(timer);
    stopWatching();
    void network?.then(({ close }) => close()).catch(() => undefined);
    if (reason === null && code !== 0 && (await cgroup.wasKilledForMemory())) reason = "memory-limit";
    await cgroup.remove();
    return { exitCode: code, reason };
  });
  return {
    ready: network ? network.then(() => undefined) : spawned,
    exit,
    usage: createUsageReader(pid, () => cardUsage(cards)),
    stop: async (graceMs) => {
      await end("cancelled", graceMs);
      await exit;
    },
  };
}

/** The shell enters the group before the job's first process exists, so nothing of it is ever outside. */
function spawnJob(task: Task, cards: readonly Card[], entries: readonly string[]): Child {
  const enter = entries.map((file) => `echo $$ > '${file}' || exit 125`).join("\n");
  const keeper = ["/usr/bin/bwrap", ...bubblewrapArguments(task, cards)];
  const isOnline = task.network === "internet";
  const command = ["/usr/bin/prlimit", ...prlimitArguments(task), ...(isOnline ? inOwnNetwork(keeper) : keeper)];
  const extra = isOnline ? (["pipe", "pipe"] as const) : [];
  return spawn("/bin/sh", ["-c", `${enter}\nexec "$@"`, "sh", ...command], {
    stdio: ["ignore", "pipe", "pipe", ...extra],
    env: SCRUBBED,
    detached: true,
  });
}

/** The end of the first process of its namespace is the end of all of them. */
function killAll(child: Child): void {
  if (!child.pid) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

/** Tells the job's own processes to end, and not those that keep it apart. False when there is none. */
async function askToEnd(pid: number): Promise<boolean> {
  const tree = await readTree(pid);
  const keepers = new Set(tree.filter((one) => one.pid === pid || one.parent === pid).map((one) => one.pid));
  const own = tree.filter((one) => !keepers.has(one.pid));
  for (const one of own) {
    try {
      process.kill(one.pid, "SIGTERM");
    } catch {
      // It ended in between.
    }
  }
  return own.length > 0;
}

/** Makes a job's way out while it waits for that, and lets it go on. */
async function goOnline(child: Child): Promise<{ close: () => void }> {
  const waiting = child.stdio[WAITING_FD] as Readable | undefined;
  const go = child.stdio[GO_FD] as Writable | undefined;
  if (!waiting || !go || !child.pid) throw new JobTrouble("The job's network could not be made.");
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new JobTrouble("The job did not wait for its network.")), WAITING_MS);
    const settle = (finish: () => void) => () => {
      clearTimeout(timer);
      finish();
    };
    waiting.once("data", settle(resolve));
    child.once(
      "close",
      settle(() => reject(new JobTrouble("The job ended before it had a network."))),
    );
  });
  const network = await connectJob(child.pid).catch((cause: Error) => {
    throw new JobTrouble(cause.message, { cause });
  });
  go.end("go\n");
  return network;
}
