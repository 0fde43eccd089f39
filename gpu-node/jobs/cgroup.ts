import { accessSync, constants, existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

const ROOT = "/sys/fs/cgroup";
export const PROCESSES_MAX = 512;

const isWritable = (path: string): boolean => {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

/** The kernel's own limits of one job, and how its first process enters them. */
export type Cgroup = {
  /** Files into which a process writes its number to be under the limits. */
  entries: string[];
  wasKilledForMemory: () => Promise<boolean>;
  /** Whether the share of the processor is among the limits. */
  holdsProcessor: boolean;
  remove: () => Promise<void>;
};

const NONE: Cgroup = {
  entries: [],
  holdsProcessor: false,
  wasKilledForMemory: async () => false,
  remove: async () => undefined,
};

/**
 * A group of limits for one job where this program may make one (cgroup v2, or v1's pids and memory); elsewhere what
 * watches the job's processes holds the limits alone, a moment later.
 */
export async function createCgroup(name: string, limits: { memoryMb: number; cpuCores: number }): Promise<Cgroup> {
  const bytes = String(limits.memoryMb * 1024 * 1024);
  if (existsSync(join(ROOT, "cgroup.controllers")) && isWritable(ROOT)) {
    return openGroup([join(ROOT, name)], {
      [join(ROOT, name, "memory.max")]: bytes,
      [join(ROOT, name, "memory.swap.max")]: "0",
      [join(ROOT, name, "pids.max")]: String(PROCESSES_MAX),
      [join(ROOT, name, "cpu.max")]: `${limits.cpuCores * 100_000} 100000`,
    });
  }
  const controllers = ["memory", "pids", "cpu"].filter((one) => isWritable(join(ROOT, one)));
  if (controllers.length === 0) return NONE;
  const settings: Record<string, Record<string, string>> = {
    memory: { "memory.limit_in_bytes": bytes },
    pids: { "pids.max": String(PROCESSES_MAX) },
    cpu: { "cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": String(limits.cpuCores * 100_000) },
  };
  return openGroup(
    controllers.map((one) => join(ROOT, one, name)),
    Object.fromEntries(
      controllers.flatMap((one) =>
        Object.entries(settings[one] ?? {}).map(([file, value]) => [join(ROOT, one, name, file), value]),
      ),
    ),
  );
}

async function openGroup(folders: string[], settings: Record<string, string>): Promise<Cgroup> {
  const held = new Set<string>();
  const remove = async () => {
    for (const folder of folders) await killMembers(folder);
    // A group is empty only when its last process is gone, which takes the kernel a moment.
    for (const folder of folders) {
      for (let left = 20; left > 0; left -= 1) {
        const isGone = await rmdir(folder).then(
          () => true,
          (error: NodeJS.ErrnoException) => error.code === "ENOENT",
        );
        if (isGone) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  try {
    for (const folder of folders) await mkdir(folder, { recursive: true });
    // A controller that is not enabled here has no such file; the watcher stands in for it.
    for (const [file, value] of Object.entries(settings))
      await writeFile(file, value).then(
        () => held.add(basename(file)),
        () => undefined,
      );
  } catch {
    await remove();
    return NONE;
  }
  const read = (file: string) => readFile(file, "utf8").catch(() => "");
  return {
    entries: folders.map((folder) => join(folder, "cgroup.procs")),
    wasKilledForMemory: async () => {
      const texts = await Promise.all(
        folders.flatMap((folder) => [read(join(folder, "memory.events")), read(join(folder, "memory.oom_control"))]),
      );
      return texts.some((text) => /(?:oom_kill|under_oom) [1-9]/.test(text));
    },
    holdsProcessor: held.has("cpu.max") || held.has("cpu.cfs_quota_us"),
    remove,
  };
}

/** Ends whatever is left in a group: a process that its job left behind would hold the group for ever. */
async function killMembers(folder: string): Promise<void> {
  const members = await readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "");
  for (const pid of members.split("\n").map(Number).filter(Boolean)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended in between.
    }
  }
}

/** Removes the groups that an earlier run left; one that still has processes is another program's and stays. */
export async function removeLeftGroups(): Promise<void> {
  for (const parent of [ROOT, ...["memory", "pids", "cpu"].map((one) => join(ROOT, one))]) {
    const names = await readdir(parent).catch(() => []);
    for (const name of names.filter((one) => one.startsWith("converge-")))
      await rmdir(join(parent, name)).catch(() => undefined);
  }
}
