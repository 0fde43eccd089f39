import { readdir, readFile } from "node:fs/promises";

export type Process = { pid: number; parent: number; ticks: number; pages: number };

const PAGE_BYTES = 4096;
const TICKS_PER_SECOND = 100;

/** The fields of /proc/PID/stat that follow the name, which may hold spaces and brackets itself. */
async function readProcess(pid: number): Promise<Process | null> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return {
    pid,
    parent: Number(fields[1]),
    ticks: Number(fields[11]) + Number(fields[12]),
    pages: Number(fields[21]),
  };
}

/** A process and everything that came of it, as the system lists it now. */
export async function readTree(root: number): Promise<Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = (await Promise.all(pids.map(readProcess))).filter((one) => one !== null);
  const children = new Map<number, Process[]>();
  for (const one of all) children.set(one.parent, [...(children.get(one.parent) ?? []), one]);
  const found = all.filter(({ pid }) => pid === root);
  for (const one of found) found.push(...(children.get(one.pid) ?? []));
  return found;
}

export type TreeUsage = { processes: number; memoryBytes: number; cpuSeconds: number };

export const treeUsage = async (root: number): Promise<TreeUsage> => usageOf(await readTree(root));

export function usageOf(tree: readonly Process[]): TreeUsage {
  return {
    processes: tree.length,
    memoryBytes: tree.reduce((sum, { pages }) => sum + pages * PAGE_BYTES, 0),
    cpuSeconds: tree.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND,
  };
}

type CardUse = { gpuPercent: number | null; gpuMemoryBytes: number | null };

/** What a tree of processes uses, look by look: the processor's share is of the time between two. */
export function createUsageReader(root: number, readCards: () => Promise<CardUse>) {
  let before: { at: number; cpuSeconds: number } | null = null;
  return async () => {
    const [{ cpuSeconds, memoryBytes }, ofCards] = await Promise.all([treeUsage(root), readCards()]);
    const at = performance.now() / 1_000;
    const cpuPercent = before ? Math.max(0, ((cpuSeconds - before.cpuSeconds) / (at - before.at)) * 100) : null;
    before = { at, cpuSeconds };
    return { cpuPercent, memoryBytes, ...ofCards };
  };
}
