import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { DomainError } from "#core/errors.ts";

/** A model's file, the output that is asked for, and inputs of a batch of one, element after element. */
export type RuntimeJob = { model: Uint8Array; output: string; inputs: readonly Float64Array[] };
/** An output's numbers, or names where it names classes. */
export type RuntimeOutput = Float64Array | string[];
export type RuntimeAnswer = { outputs: RuntimeOutput[] } | { error: string };

export type RuntimeLimits = { timeoutMs: number; memoryMb: number };

const CHILD = join(import.meta.dirname, "onnx-runtime-child.ts");
const LIMITS: RuntimeLimits = { timeoutMs: 30_000, memoryMb: 2_048 };

/**
 * Runs models as their authors mean them, in onnxruntime, to compare with what is proved.
 *
 * A model is a stranger's program: it runs in WebAssembly, in a process of its own without our environment, and that
 * process is ended when a job takes longer, or ends itself when it takes more memory, than it may. The process lives as
 * long as `use` does, and ends with it.
 *
 * `run` throws ONNX_RUN_FAILED with the runtime's own words, or because of time or memory; after those every further run
 * fails too.
 */
export async function withOnnxRuntime<T>(
  use: (run: (job: RuntimeJob) => Promise<RuntimeOutput[]>) => Promise<T>,
  limits: RuntimeLimits = LIMITS,
): Promise<T> {
  const child = startChild(limits.memoryMb);
  try {
    return await use((job) => runJob(child, job, limits.timeoutMs));
  } finally {
    child.kill("SIGKILL");
  }
}

function startChild(memoryMb: number): ChildProcess {
  // What counts is memory that is written: WebAssembly sets far more address space aside.
  const bounded = `ulimit -d ${memoryMb * 1024} 2>/dev/null; exec "$0" "$@"`;
  const child = spawn("/bin/sh", ["-c", bounded, process.execPath, CHILD], {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    serialization: "advanced",
    env: { NODE_ENV: process.env.NODE_ENV },
  });
  // Whoever waits for an answer hears of it by the process's end.
  child.on("error", () => {});
  return child;
}

const failed = (message: string) => new DomainError("ONNX_RUN_FAILED", { message });

function runJob(child: ChildProcess, job: RuntimeJob, timeoutMs: number): Promise<RuntimeOutput[]> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      child.off("message", onMessage).off("exit", onExit);
      settle();
    };
    const onMessage = (answer: RuntimeAnswer) =>
      end(() => ("error" in answer ? reject(failed(answer.error)) : resolve(answer.outputs)));
    const onExit = () => end(() => reject(failed("The model took more memory than it may, or broke the runtime.")));
    const timer = setTimeout(() => {
      end(() => reject(failed(`The model ran longer than ${timeoutMs} ms.`)));
      child.kill("SIGKILL");
    }, timeoutMs);
    if (!child.connected) return onExit();
    child.on("message", onMessage).on("exit", onExit);
    child.send(job, (error) => error && onExit());
  });
}
