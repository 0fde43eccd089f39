import { readFileSync } from "node:fs";

/** The highest memory of a process so far, in MiB; null when it has ended, or where the system keeps no such number. */
export function readPeakMb(processId: number): number | null {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${processId}/status`, "utf8"))?.[1];
    return kilobytes ? Number(kilobytes) / 1024 : null;
  } catch {
    return null;
  }
}
