import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { TRAIN_COMMAND } from "../../core/schemas/training.ts";
import { createCgroup, PROCESSES_MAX } from "./cgroup.ts";
import { treeUsage } from "./process-tree.ts";
import { type Exit, type Output, type Runner, RunnerMissing, type RunningTask, type Task } from "./runner.ts";

/** Where a job finds its own folder, and what the node brings along for it. */
export const JOB_FOLDER = "/job";
const BROUGHT = "/opt/converge";
/** Nothing of the node's own environment is handed on, not even to the shell that starts the job. */
const SCRUBBED: NodeJS.ProcessEnv = { NODE_ENV: "production", PATH: "/usr/bin:/bin" };
const WATCH_MS = 250;
const LOOK_AT_DISK_EVERY = 4;

const here = import.meta.dirname;

/** A program of the node's own under its short name, as the job's world knows it. */
export function commandLine(command: readonly string[]): string[] {
  if (command[0] !== TRAIN_COMMAND) return [...command];
  return [`${BROUGHT}/node`, "--disable-warning=ExperimentalWarning", `${BROUGHT}/train/main.ts`, ...command.slice(1)];
}

/** What of the host a job sees: its programs and nothing else, all read-only; its own folder is all it can write. */
export function bubblewrapArguments(task: Task): string[] {
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
    ...(task.network === "internet" ? [] : ["--unshare-net"]),
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
    ...(task.network === "internet" ? ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"].flatMap(tied) : []),
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
      ? ["nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", ...Array.from({ length: 16 }, (_, i) => `nvidia${i}`)].flatMap(
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

/** Bytes of a folder, links not followed; what a job makes faster than this looks is found at the next look. */
async function folderBytes(folder: string): Promise<number> {
  let total = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) total += await folderBytes(path);
    else if (entry.isFile()) total += (await stat(path).catch(() => ({ size: 0 }))).size;
  }
  return total;
}

/** Runs a program to see whether jobs can be kept apart on this machine at all. */
export async function openBubblewrap(): Promise<Runner> {
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
  return { name: "bubblewrap", hasImages: false, capacity: async () => null, start };
}

/** Limits that the kernel holds without a group: the size of one file, no core dumps, open files, processor time. */
const prlimitArguments = ({ resources, timeLimitSeconds }: Task): string[] => [
  `--fsize=${resources.diskMb * 1024 * 1024}`,
  "--core=0",
  "--nofile=4096",
  `--nproc=${PROCESSES_MAX}`,
  `--cpu=${(timeLimitSeconds + 5) * resources.cpuCores}`,
];

async function start(task: Task, onOutput: (output: Output) => void): Promise<RunningTask> {
  const cgroup = await createCgroup(`converge-${task.leaseId}`, task.resources);
  // The shell enters the group before the job's first process exists, so nothing of it is ever outside.
  const enter = cgroup.entries.map((file) => `echo $$ > '${file}' || exit 125`).join("\n");
  const child = spawn(
    "/bin/sh",
    [
      "-c",
      `${enter}\nexec "$@"`,
      "sh",
      "/usr/bin/prlimit",
      ...prlimitArguments(task),
      "/usr/bin/bwrap",
      ...bubblewrapArguments(task),
    ],
    { stdio: ["ignore", "pipe", "pipe"], env: SCRUBBED, detached: true },
  );
  let reason: Exit["reason"] = null;
  const kill = (why: NonNullable<Exit["reason"]>) => {
    reason ??= why;
    // The end of the first process of its namespace is the end of all of them.
    if (child.pid) {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    }
  };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8");
    child[stream].on("data", (text: string) => onOutput({ stream, text }));
  }
  const closed = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  const ready = new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  const timer = setTimeout(() => kill("time-limit"), task.timeLimitSeconds * 1_000);
  const stopWatching = watch(child.pid ?? 0, task, kill);
  const exit = closed.then(async (code): Promise<Exit> => {
    clearTimeout(timer);
    stopWatching();
    if (reason === null && code !== 0 && (await cgroup.wasKilledForMemory())) reason = "memory-limit";
    await cgroup.remove();
    return { exitCode: code, reason };
  });
  return {
    ready,
    exit,
    usage: createUsageReader(child.pid ?? 0),
    stop: async () => {
      kill("cancelled");
      await exit;
    },
  };
}

/** Holds what no group holds here, a moment later than one would. */
function watch(pid: number, task: Task, kill: (why: "memory-limit" | "disk-limit") => void): () => void {
  let isOver = false;
  let looks = 0;
  const look = async () => {
    const { memoryBytes, processes } = await treeUsage(pid);
    if (memoryBytes > task.resources.memoryMb * 1024 * 1024 || processes > PROCESSES_MAX) kill("memory-limit");
    looks += 1;
    if (looks % LOOK_AT_DISK_EVERY === 0 && (await folderBytes(task.folder)) > task.resources.diskMb * 1024 * 1024)
      kill("disk-limit");
  };
  const next = () => {
    if (isOver) return;
    setTimeout(
      () =>
        void look()
          .catch(() => undefined)
          .finally(next),
      WATCH_MS,
    );
  };
  next();
  return () => {
    isOver = true;
  };
}

function createUsageReader(pid: number): RunningTask["usage"] {
  let before: { at: number; cpuSeconds: number } | null = null;
  return async () => {
    const { cpuSeconds, memoryBytes } = await treeUsage(pid);
    const at = performance.now() / 1_000;
    const cpuPercent = before ? Math.max(0, ((cpuSeconds - before.cpuSeconds) / (at - before.at)) * 100) : null;
    before = { at, cpuSeconds };
    return { cpuPercent, memoryBytes, gpuPercent: null, gpuMemoryBytes: null };
  };
}
