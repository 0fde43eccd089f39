import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { keepRunning } from "./keep-running.ts";
import { waitUntil } from "./ports.ts";
import { commandLine, startProgram, stopOrphan } from "./processes.ts";

export type EmbeddedChain = { url: string; stop: () => Promise<void> };

/** The native program inside the npm package of this platform; the package's own wrapper would add a process. */
function findAnvil(): string {
  const require = createRequire(import.meta.url);
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const platform = process.platform === "win32" ? "win32" : process.platform;
  const suffix = process.platform === "win32" ? ".exe" : "";
  try {
    const manifest = createRequire(require.resolve("@foundry-rs/anvil/package.json")).resolve(
      `@foundry-rs/anvil-${platform}-${arch}/package.json`,
    );
    return join(dirname(manifest), "bin", `anvil${suffix}`);
  } catch (cause) {
    throw new Error(
      `No embedded chain exists for ${process.platform}-${process.arch}. Set CHAIN_RPC_URL to a node of your own.`,
      { cause },
    );
  }
}

async function rpc(url: string, method: string): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] }),
    signal: AbortSignal.timeout(2_000),
  });
  const body = (await response.json()) as { result?: unknown };
  return body.result;
}

/**
 * Starts anvil (osaka: the P-256 precompile passkeys need) with its state kept in `home/chain.json`, and again when it dies.
 *
 * The state is written every 3 seconds: a chain that was killed comes back without its last blocks, as after a reorg.
 */
export async function startAnvil(options: { home: string; port: number }): Promise<EmbeddedChain> {
  await mkdir(options.home, { recursive: true });
  const pidFile = join(options.home, "anvil.pid");
  if (existsSync(pidFile)) {
    const pid = Number(await readFile(pidFile, "utf8"));
    const command = Number.isInteger(pid) && pid > 1 ? await commandLine(pid) : null;
    // An orphan of an earlier run saves its state when it is asked to end.
    if (command?.includes("anvil")) await stopOrphan(pid, "SIGTERM");
    await rm(pidFile, { force: true });
  }
  const logFile = join(options.home, "anvil.log");
  const launch = async () => {
    const started = startProgram(
      findAnvil(),
      [
        "--hardfork",
        "osaka",
        "--host",
        "127.0.0.1",
        "--port",
        String(options.port),
        "--state",
        join(options.home, "chain.json"),
        "--state-interval",
        "3",
        "--prune-history",
        "100",
        "--quiet",
      ],
      { detached: true, logFile },
    );
    if (started.child.pid) await writeFile(pidFile, String(started.child.pid));
    return started;
  };
  const first = await launch();
  const url = `http://127.0.0.1:${options.port}`;
  await waitUntil("The chain", async () => {
    if (first.child.exitCode !== null) throw new Error(`The chain ended at once; its log is in ${logFile}.`);
    return rpc(url, "eth_chainId").then(
      (id) => id === "0x7a69",
      () => false,
    );
  });
  const kept = keepRunning({ name: "chain", logFile, first, relaunch: launch, restartMsMax: 1_000 });
  return {
    url,
    stop: async () => {
      await kept.stop("SIGTERM", 10_000);
      await rm(pidFile, { force: true });
    },
  };
}
