import { chmod, lstat, readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";

const BLOCK_BYTES = 512;

/**
 * What a job's folder takes on the disk, links not followed. What cannot be looked at, because its path is too long or
 * its rights keep coming back, counts as more than anybody has: who hides files from the meter has too many.
 */
export async function folderBytes(folder: string): Promise<number> {
  let total = 0;
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) total += await folderBytes(path);
    else total += await lstat(path).then(({ blocks }) => blocks * BLOCK_BYTES, unlessGone);
  }
  return total;
}

const unlessGone = (error: NodeJS.ErrnoException): number => (error.code === "ENOENT" ? 0 : Number.POSITIVE_INFINITY);

async function entriesOf(folder: string) {
  const look = () => readdir(folder, { withFileTypes: true });
  return look().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    await chmod(folder, 0o700).catch(() => undefined);
    return look().catch((again: NodeJS.ErrnoException) => {
      if (again.code === "ENOENT") return [];
      throw new FolderHidden(folder);
    });
  });
}

/** A part of a job's folder cannot be looked at. */
export class FolderHidden extends Error {
  override readonly name = "FolderHidden";
}

/** What files take that were deleted and are still open in some process. */
export async function deletedBytes(pids: readonly number[]): Promise<number> {
  const seen = new Map<string, number>();
  for (const pid of pids) {
    const folder = `/proc/${pid}/fd`;
    for (const name of await readdir(folder).catch(() => [])) {
      const target = await readlink(join(folder, name)).catch(() => "");
      if (!target.endsWith(" (deleted)")) continue;
      const file = await stat(join(folder, name)).catch(() => null);
      if (file?.isFile()) seen.set(`${file.dev}:${file.ino}`, file.blocks * BLOCK_BYTES);
    }
  }
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}
