import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startAnvil } from "./anvil.ts";
import { migrateDatabase } from "./migrate.ts";
import { freePort, isSignerUp, waitUntil } from "./ports.ts";
import { startPostgres } from "./postgres.ts";
import { type Running, runToEnd, startProgram, stopProgram } from "./processes.ts";

export const root = resolve(import.meta.dirname, "..", "..");

export type Services = { env: Record<string, string>; home: string; stop: () => Promise<void> };

/** The options every process of ours runs under. */
export const NODE_FLAGS = ["--disable-warning=ExperimentalWarning"];

/** Starts the signer and waits until it answers. */
export async function startSigner(env: NodeJS.ProcessEnv, home: string): Promise<Running> {
  const running = startProgram(process.execPath, [...NODE_FLAGS, join(root, "server/signer/main.ts")], {
    cwd: root,
    env: { ...env, CONVERGE_PROCESS: "signer" },
    logFile: join(home, "signer.log"),
  });
  await waitUntil("The signer", async () => {
    if (running.child.exitCode !== null)
      throw new Error(`The signer ended at once; its log is in ${join(home, "signer.log")}.`);
    return isSignerUp(String(env.SIGNER_SOCKET));
  });
  return running;
}

/** A throw-away Postgres, and with `chain` also anvil, the signer and all contracts, in a folder of its own. */
export async function startTestServices(options: { chain: boolean }): Promise<Services> {
  const home = await mkdtemp(join(tmpdir(), "converge-"));
  await chmod(home, 0o755);
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const end of stops.reverse()) await end().catch(() => undefined);
    await rm(home, { recursive: true, force: true });
  };
  try {
    const postgres = await startPostgres({ home, port: await freePort() });
    stops.push(postgres.stop);
    const env: Record<string, string> = {
      NODE_ENV: "test",
      DATABASE_URL: postgres.url,
      CONVERGE_HOME: home,
      SIGNER_SOCKET: join(home, "signer.sock"),
      AUTH_SECRET: randomBytes(32).toString("base64url"),
      LOG_LEVEL: process.env.LOG_LEVEL ?? "warn",
    };
    await migrateDatabase(postgres.url);
    if (options.chain) {
      const chain = await startAnvil({ home, port: await freePort() });
      stops.push(chain.stop);
      env.CHAIN_RPC_URL = chain.url;
      const signer = await startSigner({ ...process.env, ...env }, home);
      stops.push(() => stopProgram(signer, "SIGTERM", 5_000));
      await runToEnd(process.execPath, [...NODE_FLAGS, join(root, "scripts/deploy.ts")], {
        cwd: root,
        env: { ...process.env, ...env },
      });
    }
    return { env, home, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
