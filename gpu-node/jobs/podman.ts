import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chown } from "node:fs/promises";
import { userInfo } from "node:os";
import { promisify } from "node:util";
import { JOB_FOLDER } from "./bubblewrap.ts";
import { PROCESSES_MAX } from "./cgroup.ts";
import { type Card, type CardPool, cardUsage, withCards } from "./job-gpus.ts";
import { createUsageReader } from "./process-tree.ts";
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

const run = promisify(execFile);
const PODMAN = "/usr/bin/podman";
/** Fetching a large image takes long; none takes for ever. */
const PULL_MS = 30 * 60_000;
const NOBODY = 65_534;
const KILLED = "137";

const isRoot = (): boolean => userInfo().uid === 0;

/** The newer runtime wants the newer control groups alone; beside the older ones the older runtime works. */
const runtimeArguments = (): string[] =>
  existsSync("/sys/fs/cgroup/cgroup.controllers") || !existsSync("/usr/sbin/runc")
    ? []
    : ["--runtime", "runc", "--cgroup-manager", "cgroupfs"];

const podman = (args: readonly string[], timeout = 30_000) =>
  run(PODMAN, ["--log-level=error", ...runtimeArguments(), ...args], { timeout, maxBuffer: 4 * 1024 * 1024 });

const nameOf = ({ leaseId }: Pick<Task, "leaseId">): string => `converge-${leaseId}`;

/** A container of the job's image: no network, nothing of the host but the job's folder, no rights, the kernel's limits. */
export function createArguments(task: Task, cards: readonly Card[], asRoot: boolean): string[] {
  const { cpuCores, memoryMb } = task.resources;
  return [
    "create",
    `--name=${nameOf(task)}`,
    "--pull=missing",
    "--network=none",
    "--read-only",
    "--tmpfs=/tmp:rw,size=64m,mode=1777",
    "--shm-size=64m",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    // As root the job is nobody on the host, too; as somebody else it is that somebody, and root nowhere.
    ...(asRoot ? [`--user=${NOBODY}:${NOBODY}`] : ["--userns=keep-id"]),
    `--memory=${memoryMb}m`,
    `--memory-swap=${memoryMb}m`,
    `--cpus=${cpuCores}`,
    `--pids-limit=${PROCESSES_MAX}`,
    "--ulimit=nofile=4096:4096",
    `--ulimit=nproc=${PROCESSES_MAX}:${PROCESSES_MAX}`,
    `--ulimit=fsize=${task.resources.diskMb * 1024 * 1024}`,
    "--ulimit=core=0:0",
    "--hostname=job",
    `--volume=${task.folder}:${JOB_FOLDER}:rw`,
    `--workdir=${JOB_FOLDER}`,
    `--env=HOME=${JOB_FOLDER}`,
    ...Object.entries(task.env).map(([name, value]) => `--env=${name}=${value}`),
    ...cards.map(({ uuid }) => `--device=nvidia.com/gpu=${uuid}`),
    // What the image would start by itself is not what was ordered.
    "--entrypoint=",
    "--",
    task.image ?? "",
    ...task.command,
  ];
}

/** Containers of any image, through podman; as root, or for an ordinary user whom the system lends numbers. */
export async function openPodman(pool: CardPool): Promise<Runner> {
  if (!existsSync(PODMAN)) throw new RunnerMissing("podman is not installed (Debian and Ubuntu: apt install podman).");
  await podman(["info"]).catch((cause: Error) => {
    throw new RunnerMissing(`podman does not work here: ${cause.message.split("\n").at(-2) ?? cause.message}`, {
      cause,
    });
  });
  return {
    name: "podman",
    hasImages: true,
    hasNetwork: false,
    capacity: async () => null,
    clean: removeLeftContainers,
    start: (task, onOutput) => withCards(pool, task.resources, (cards) => start(task, cards, onOutput)),
  };
}

/** An image that is not there is the order's fault; anything else may pass. */
function pullError(cause: Error & { stderr?: string }): Error {
  const said = (cause.stderr ?? cause.message).trim().split("\n").at(-1) ?? "";
  // What is said to be of this machine and is not here is nowhere else, either.
  const isOrders = /manifest unknown|not found|denied|invalid reference|unauthorized|localhost/i.test(said);
  const message = `The image could not be used: ${said.slice(0, 300)}`;
  return isOrders ? new Error(message, { cause }) : new JobTrouble(message, { cause });
}

async function start(task: Task, cards: readonly Card[], onOutput: (output: Output) => void): Promise<RunningTask> {
  const name = nameOf(task);
  if (isRoot()) await chown(task.folder, NOBODY, NOBODY);
  await podman(createArguments(task, cards, isRoot()), PULL_MS).catch((cause: Error) => {
    throw pullError(cause);
  });
  const child = spawn(PODMAN, ["--log-level=error", ...runtimeArguments(), "start", "--attach", name], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8");
    child[stream].on("data", (text: string) => onOutput({ stream, text }));
  }
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const pid = await waitForPid(name);
  let reason: Exit["reason"] = null;
  const kill = (why: NonNullable<Exit["reason"]>) => {
    reason ??= why;
    void podman(["kill", name]).catch(() => undefined);
  };
  const end = async (why: NonNullable<Exit["reason"]>, graceMs: number) => {
    reason ??= why;
    await podman(["stop", `--time=${Math.ceil(graceMs / 1_000)}`, name]).catch(() => undefined);
  };
  const timer = setTimeout(() => void end("time-limit", GRACE_MS), task.timeLimitSeconds * 1_000);
  const stopWatching = watchLimits({ pid, task, isProcessorHeld: true, kill });
  const exit = closed.then(async (code): Promise<Exit> => {
    clearTimeout(timer);
    stopWatching();
    const { stdout } = await podman(["inspect", "--format={{.State.OOMKilled}} {{.State.ExitCode}}", name]).catch(
      () => ({ stdout: "" }),
    );
    await podman(["rm", "--force", name]).catch(() => undefined);
    await removeImage(task.image);
    const [isOutOfMemory, exitCode] = stdout.trim().split(" ");
    // Under the older control groups podman sees only the end of a container's first process; a kill that nobody here
    // sent is the kernel's, for memory.
    if (reason === null && (isOutOfMemory === "true" || exitCode === KILLED)) reason = "memory-limit";
    return { exitCode: exitCode ? Number(exitCode) : code, reason };
  });
  return {
    ready: Promise.resolve(),
    exit,
    usage: createUsageReader(pid, () => cardUsage(cards)),
    stop: async (graceMs) => {
      await end("cancelled", graceMs);
      await exit;
    },
  };
}

/** What was fetched for one job is not kept: images of strangers would fill the disk. This machine's own stay. */
async function removeImage(image: string | null): Promise<void> {
  if (!image || image.startsWith("localhost/")) return;
  // Refused while another job runs under it; that one takes it away.
  await podman(["rmi", "--", image]).catch(() => undefined);
}

/** The container's first process, as soon as there is one; 0 when it has ended already. */
async function waitForPid(name: string): Promise<number> {
  for (let left = 100; left > 0; left -= 1) {
    const { stdout } = await podman(["inspect", "--format={{.State.Pid}} {{.State.Status}}", name]).catch(() => ({
      stdout: "",
    }));
    const [pid, status] = stdout.trim().split(" ");
    if (Number(pid) > 0 || status === "exited" || status === "stopped") return Number(pid) || 0;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new JobTrouble("The container did not start.");
}

/** Ends what earlier runs of this program left. */
async function removeLeftContainers(leaseIds: readonly string[]): Promise<void> {
  for (const leaseId of leaseIds) await podman(["rm", "--force", nameOf({ leaseId })]).catch(() => undefined);
}
