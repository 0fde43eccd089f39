import { execFile } from "node:child_process";
import { lstat, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Packs a file or folder of a job, by its path there; null when it is not there. Links are packed as links. */
export async function pack(folder: string, path: string, target: string): Promise<boolean> {
  const there = await lstat(join(folder, path)).catch(() => null);
  if (!there?.isFile() && !there?.isDirectory()) return false;
  await run("tar", ["--create", "--file", target, "--directory", folder, "--", path], { timeout: 120_000 });
  return true;
}

/**
 * Unpacks into a job's folder. What would land outside of it is refused: the names are looked at before anything is
 * written, and neither links nor devices are made.
 */
export async function unpack(archive: string, folder: string): Promise<void> {
  const { stdout } = await run("tar", ["--list", "--verbose", "--file", archive], {
    timeout: 120_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  for (const line of stdout.split("\n").filter((one) => one !== "")) {
    const name = line.split(/\s+/).slice(5).join(" ");
    if (!/^[-d]/.test(line)) throw new Error("A checkpoint holds something that is neither file nor folder.");
    if (name.startsWith("/") || name.split("/").includes(".."))
      throw new Error("A checkpoint names a path outside of its job.");
  }
  await mkdir(folder, { recursive: true });
  await run("tar", ["--extract", "--no-same-owner", "--file", archive, "--directory", folder], { timeout: 120_000 });
}

export const ensureFolderOf = (path: string): Promise<string | undefined> => mkdir(dirname(path), { recursive: true });
