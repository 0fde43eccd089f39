import { execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { deletedBytes, FolderHidden, folderBytes } from "./folder-size.ts";
import { treeUsage } from "./process-tree.ts";
import type { Task } from "./runner.ts";
import { watchLimits } from "./watch-limits.ts";

const MIB = 1024 * 1024;
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "converge-limits-"));
  // Node itself cannot name paths as long as one of these tests makes.
  ended.push(() => execFileSync("rm", ["-rf", folder]));
  return folder;
}

const taskIn = (folder: string): Task => ({
  leaseId: "test",
  command: [],
  image: null,
  env: {},
  resources: { cpuCores: 1, memoryMb: 512, diskMb: 16, gpuCount: 0 },
  network: "none",
  timeLimitSeconds: 60,
  folder,
});

describe.skipIf(process.platform !== "linux")("what a job takes", () => {
  it("counts files that were deleted and stay open, by their place on the disk", async () => {
    const folder = await newFolder();
    const path = join(folder, "gone");
    const file = await open(path, "w");
    ended.push(() => file.close());
    await file.write(Buffer.alloc(3 * MIB, 1));
    await file.sync();
    expect(await folderBytes(folder)).toBeGreaterThanOrEqual(3 * MIB);
    await rm(path);
    expect(await folderBytes(folder)).toBe(0);
    expect(await deletedBytes([process.pid])).toBeGreaterThanOrEqual(3 * MIB);
  });

  it("is more than anybody has where a part of it cannot be looked at", async () => {
    const folder = await newFolder();
    const script = "while i=$((i+1)); [ $i -le 60 ]; do mkdir $(printf 'x%.0s' $(seq 100)) && cd x*; done";
    await new Promise((resolve) =>
      spawn("sh", ["-c", script], { cwd: folder, stdio: "ignore" }).once("close", resolve),
    );
    await expect(folderBytes(folder)).rejects.toThrow(FolderHidden);
  });

  it("does not follow links, and counts no hole of a file", async () => {
    const [folder, elsewhere] = [await newFolder(), await newFolder()];
    await writeFile(join(elsewhere, "large"), Buffer.alloc(MIB, 1));
    await mkdir(join(folder, "inner"));
    const sparse = await open(join(folder, "inner", "sparse"), "w");
    await sparse.truncate(1024 * MIB);
    await sparse.close();
    expect(await folderBytes(folder)).toBeLessThan(MIB);
  });
});

describe.skipIf(process.platform !== "linux")("the share of the processor", () => {
  it("is held by pausing where no group of the kernel holds it", async () => {
    const busy = spawn("sh", ["-c", "(while :; do :; done) & while :; do :; done"], {
      detached: true,
      stdio: "ignore",
    });
    const pid = busy.pid ?? 0;
    ended.push(() => process.kill(-pid, "SIGKILL"));
    const folder = await newFolder();
    ended.push(watchLimits({ pid, task: taskIn(folder), isProcessorHeld: false, kill: () => undefined }));
    const startedAt = performance.now();
    const before = await treeUsage(pid);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const { cpuSeconds } = await treeUsage(pid);
    const cores = ((cpuSeconds - before.cpuSeconds) * 1_000) / (performance.now() - startedAt);
    // Two loops want two cores; one is theirs. The first look comes after a moment, and a busy machine looks late.
    expect(cores).toBeLessThan(1.6);
  }, 15_000);
});
