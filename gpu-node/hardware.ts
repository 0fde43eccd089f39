import { execFile } from "node:child_process";
import { cpus, platform, release, totalmem } from "node:os";
import { promisify } from "node:util";
import type { Hardware } from "../core/schemas/node-protocol.ts";

const MIB = 1024 * 1024;

/** What this machine is made of, as far as it says itself. */
export async function readHardware(): Promise<Hardware> {
  const processors = cpus();
  return {
    cpuModel: (processors[0]?.model ?? "unknown").trim().slice(0, 200),
    cpuCores: Math.max(1, processors.length),
    memoryBytes: totalmem(),
    platform: `${platform()} ${release()}`.slice(0, 60),
    gpus: await readGpus(),
  };
}

async function readGpus(): Promise<Hardware["gpus"]> {
  const query = ["--query-gpu=name,uuid,memory.total,driver_version", "--format=csv,noheader,nounits"];
  // A machine without NVIDIA's tool, or whose driver does not answer, has no GPU to offer.
  const output = await promisify(execFile)("nvidia-smi", query, { timeout: 10_000 }).catch(() => null);
  if (!output) return [];
  return output.stdout
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .slice(0, 32)
    .map((line) => {
      const [name = "", uuid = "", memoryMib = "0", driver = ""] = line.split(",").map((part) => part.trim());
      return {
        name: name.slice(0, 120),
        uuid: uuid.slice(0, 80),
        memoryBytes: (Number(memoryMib) || 0) * MIB,
        driver: driver.slice(0, 40),
      };
    });
}
