import { spawn } from "node:child_process";
import { join } from "node:path";
import { NODE_FLAGS, root } from "../../scripts/lib/services.ts";
import { percentile } from "../bench-row.ts";

export type PosterOrder = {
  way: "textbook" | "transaction" | "group";
  hot: string;
  others: string[];
  callers: number;
  seconds: number;
  direction: "in" | "out";
};
export type Measured = { perSecond: number; p99Ms: number; failures: number };

async function runPoster(url: string, order: PosterOrder): Promise<{ timesMs: number[]; failures: number }> {
  const child = spawn(
    process.execPath,
    [...NODE_FLAGS, join(root, "bench/hot-account/poster.ts"), JSON.stringify(order)],
    {
      cwd: root,
      env: { ...process.env, DATABASE_URL: url },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await new Promise<void>((resolve) => child.once("close", () => resolve()));
  return JSON.parse(output.trim().split("\n").at(-1) ?? "null");
}

/** So many processes post at once; what came of it in a second, and the slowest hundredth. */
export async function measure(url: string, processes: number, order: PosterOrder): Promise<Measured> {
  const results = await Promise.all(Array.from({ length: processes }, () => runPoster(url, order)));
  const times = results.flatMap(({ timesMs }) => timesMs);
  const failures = results.reduce((sum, result) => sum + result.failures, 0);
  return { perSecond: times.length / order.seconds, p99Ms: percentile(times, 99), failures };
}
