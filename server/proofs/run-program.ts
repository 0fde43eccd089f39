import { spawn } from "node:child_process";

export type ProgramLimits = { timeoutMs: number; memoryMb: number };
export type ProgramResult = { stdout: string; stderr: string; durationMs: number };

/** A program that was killed, ran out of its limits, or ended with an error. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  readonly reason: "timeout" | "killed" | "failed";

  constructor(reason: ProgramError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

const OUTPUT_MAX = 64 * 1024;

/**
 * Runs a program to its end within time and memory.
 *
 * The memory limit is the address space, set by the shell that becomes the program; where the system has no such
 * limit (macOS) only the time is bounded.
 */
export function runProgram(
  file: string,
  args: string[],
  limits: ProgramLimits,
  onStart?: (processId: number) => void,
): Promise<ProgramResult> {
  const startedAt = performance.now();
  const bounded = `ulimit -v ${limits.memoryMb * 1024} 2>/dev/null; exec "$0" "$@"`;
  const child = spawn("/bin/sh", ["-c", bounded, file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    // The program gets nothing of ours: the environment holds secrets.
    env: { NODE_ENV: process.env.NODE_ENV, PATH: process.env.PATH, HOME: process.env.HOME ?? "/tmp" },
  });
  if (child.pid) onStart?.(child.pid);
  let stdout = "";
  let stderr = "";
  let isTimedOut = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout = (stdout + text).slice(-OUTPUT_MAX);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-OUTPUT_MAX);
  });
  const timer = setTimeout(() => {
    isTimedOut = true;
    child.kill("SIGKILL");
  }, limits.timeoutMs);

  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(new ProgramError("failed", error.message));
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (isTimedOut) reject(new ProgramError("timeout", `The program ran longer than ${limits.timeoutMs} ms.`));
      else if (signal) reject(new ProgramError("killed", `The program was ended by ${signal}.`));
      else if (code !== 0) reject(new ProgramError("failed", `The program ended with ${code}: ${stderr.slice(-2000)}`));
      else resolve({ stdout, stderr, durationMs: performance.now() - startedAt });
    });
  });
}
