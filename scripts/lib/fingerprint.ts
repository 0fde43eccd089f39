import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

async function* filesUnder(path: string): AsyncGenerator<string> {
  const info = await stat(path).catch(() => null);
  if (!info) return;
  if (info.isFile()) {
    yield path;
    return;
  }
  for (const entry of (await readdir(path)).sort()) {
    if (entry !== "node_modules" && !entry.startsWith(".")) yield* filesUnder(join(path, entry));
  }
}

/** One hash over the contents of files and folders, for telling whether something has to be made again. */
export async function fingerprint(root: string, paths: string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) {
    for await (const file of filesUnder(join(root, path))) {
      hash
        .update(file.slice(root.length))
        .update("\0")
        .update(await readFile(file))
        .update("\0");
    }
  }
  return hash.digest("hex");
}

/** Runs `make` unless its sources are as they were when it last succeeded and what it makes is there. */
export async function makeWhenChanged(options: {
  root: string;
  stamp: string;
  sources: string[];
  product: string;
  make: () => Promise<void>;
}): Promise<boolean> {
  const current = await fingerprint(options.root, options.sources);
  const last = await readFile(options.stamp, "utf8").catch(() => "");
  if (last === current && existsSync(options.product)) return false;
  await options.make();
  await mkdir(dirname(options.stamp), { recursive: true });
  await writeFile(options.stamp, current);
  return true;
}
