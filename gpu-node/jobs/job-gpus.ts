import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { JobResources } from "../../core/schemas/job.ts";
import { JobTrouble, type RunningTask } from "./runner.ts";

const DRIVER = "/proc/driver/nvidia/gpus";
const MIB = 1024 * 1024;

/** A card of this machine: `minor` is the number of its device file, /dev/nvidia<minor>. */
export type Card = { uuid: string; minor: number; model: string; memoryMb: number };

/** The device file and the number of a card, of the driver's own description. */
export function readCard(text: string): { uuid: string; minor: number; model: string } | null {
  const uuid = /^GPU UUID:\s*(\S+)/m.exec(text)?.[1];
  const minor = /^Device Minor:\s*(\d+)/m.exec(text)?.[1];
  const model = /^Model:\s*(.+?)\s*$/m.exec(text)?.[1];
  return uuid && minor && model ? { uuid, minor: Number(minor), model } : null;
}

/** The cards of this machine, with the memory that was reported for each. */
export async function listCards(reported: readonly { uuid: string; memoryBytes: number }[]): Promise<Card[]> {
  const folders = await readdir(DRIVER).catch(() => []);
  const texts = await Promise.all(
    folders.map((name) => readFile(join(DRIVER, name, "information"), "utf8").catch(() => "")),
  );
  return texts.flatMap((text) => {
    const card = readCard(text);
    const memoryBytes = reported.find(({ uuid }) => uuid === card?.uuid)?.memoryBytes;
    return card && memoryBytes !== undefined ? [{ ...card, memoryMb: Math.floor(memoryBytes / MIB) }] : [];
  });
}

type Wanted = Pick<JobResources, "gpuCount" | "gpuModel" | "gpuMemoryMb">;

/** Hands cards out, each to one job at a time. */
export function createCardPool(cards: readonly Card[]) {
  const taken = new Set<number>();
  return {
    /** As many cards as are wanted, or null when they are not there. */
    take({ gpuCount, gpuModel, gpuMemoryMb }: Wanted): Card[] | null {
      const free = cards.filter(
        (card) =>
          !taken.has(card.minor) &&
          (!gpuModel || card.model.toLowerCase().includes(gpuModel.toLowerCase())) &&
          (!gpuMemoryMb || card.memoryMb >= gpuMemoryMb),
      );
      if (free.length < gpuCount) return null;
      const chosen = free.slice(0, gpuCount);
      for (const { minor } of chosen) taken.add(minor);
      return chosen;
    },
    giveBack(given: readonly Card[]): void {
      for (const { minor } of given) taken.delete(minor);
    },
  };
}

export type CardPool = ReturnType<typeof createCardPool>;

/** Starts a job on cards of its own, which are free again when it has ended. */
export async function withCards(
  pool: CardPool,
  wanted: Wanted,
  start: (cards: readonly Card[]) => Promise<RunningTask>,
): Promise<RunningTask> {
  const cards = pool.take(wanted);
  if (!cards) throw new JobTrouble("The cards this job was given are not free here.");
  const giveBack = () => pool.giveBack(cards);
  try {
    const running = await start(cards);
    void running.exit.finally(giveBack);
    return running;
  } catch (error) {
    giveBack();
    throw error;
  }
}

/** How busy some cards are, together: the busiest one's share, and the memory of all. */
export async function cardUsage(
  cards: readonly Card[],
): Promise<{ gpuPercent: number | null; gpuMemoryBytes: number | null }> {
  if (cards.length === 0) return { gpuPercent: null, gpuMemoryBytes: null };
  const query = ["--query-gpu=uuid,utilization.gpu,memory.used", "--format=csv,noheader,nounits"];
  const output = await promisify(execFile)("nvidia-smi", query, { timeout: 5_000 }).catch(() => null);
  const rows = (output?.stdout ?? "")
    .split("\n")
    .map((line) => line.split(",").map((part) => part.trim()))
    .filter(([uuid]) => cards.some((card) => card.uuid === uuid));
  if (rows.length === 0) return { gpuPercent: null, gpuMemoryBytes: null };
  return {
    gpuPercent: Math.max(...rows.map(([, percent]) => Number(percent) || 0)),
    gpuMemoryBytes: rows.reduce((sum, [, , mebibytes]) => sum + (Number(mebibytes) || 0) * MIB, 0),
  };
}
