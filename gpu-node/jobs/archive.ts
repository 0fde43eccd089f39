import { execFile, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Whether a path of a job is really there, with no link in any part of it: a link that the job made could lead the node,
 * which is not kept apart, to a file of the host.
 */
export async function isOwn(folder: string, path: string): Promise<boolean> {
  const [root, real] = await Promise.all([realpath(folder), realpath(join(folder, path))]).catch(() => [null, ""]);
  return root !== null && real === join(root, path);
}

const BWRAP = "/usr/bin/bwrap";
/** Sees the host's programs and the job's folder, both read-only, and nothing else. */
const packArguments = (folder: string, path: string): string[] => [
  ...["--die-with-parent", "--unshare-all", "--cap-drop", "ALL", "--clearenv"],
  ...["--ro-bind", "/usr", "/usr"],
  ...["bin", "lib", "lib64"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]),
  ...["--ro-bind", folder, "/job", "--chdir", "/job", "--"],
  // Files and folders alone, each with its own content: what is unpacked elsewhere holds no links either.
  ...[
    "/bin/sh",
    "-c",
    'find "$1" "(" -type f -o -type d ")" -print0 | tar --create --null --no-recursion --hard-dereference --files-from=- --file -',
  ],
  ...["sh", `./${path}`],
];

/**
 * Packs a file or folder of a job by its path there; false when it is not there. The job may be running and change what
 * lies there at any moment, so the packing itself is kept apart from the host: whatever a link says, it leads nowhere.
 */
export async function pack(folder: string, path: string, target: string): Promise<boolean> {
  if (!(await isOwn(folder, path))) return false;
  const child = spawn(BWRAP, packArguments(folder, path), { stdio: ["ignore", "pipe", "ignore"] });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const failed = new Promise<never>((_resolve, reject) => child.once("error", reject));
  await Promise.race([pipeline(child.stdout, createWriteStream(target, { mode: 0o600 })), failed]);
  return (await closed) === 0;
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
