import { existsSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { type Env, parseEnv } from "../../server/parse-env.ts";
import { startAnvil } from "./anvil.ts";
import { buildContracts, buildWeb, generateClient } from "./build.ts";
import { claimHome, forgetInstance, installationSecret, recordConnections, recordInstance } from "./instance.ts";
import { migrateDatabase } from "./migrate.ts";
import { freePort, isListening, isSignerUp, waitUntil } from "./ports.ts";
import { startPostgres } from "./postgres.ts";
import { runToEnd } from "./processes.ts";
import { step, stepDone } from "./progress.ts";
import { NODE_FLAGS, root } from "./services.ts";
import { createSupervisor } from "./supervise.ts";

const isDev = process.argv.includes("--dev");
const startedAt = Date.now();
const stops: (() => Promise<void>)[] = [];
let isStopping = false;

const preferredPort = async (port: number) => ((await isListening(port)) ? freePort() : port);

async function checkPort(env: Env): Promise<void> {
  if (await isListening(env.PORT)) {
    throw new Error(
      `Port ${env.PORT} is in use by another program. Stop it, or choose another: PORT=${env.PORT + 1} npm start`,
    );
  }
}

/** Says what is wrong with a DATABASE_URL before anything relies on it. */
async function checkDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `The database in DATABASE_URL cannot be used: ${reason}. Correct the address, or unset it to run the embedded Postgres.`,
      { cause },
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function startDatabase(env: Env): Promise<string> {
  let url = "";
  await step("database", async () => {
    if (process.env.DATABASE_URL) {
      await checkDatabase(process.env.DATABASE_URL);
      url = process.env.DATABASE_URL;
      return "the one in DATABASE_URL";
    }
    const postgres = await startPostgres({ home: env.CONVERGE_HOME, port: await preferredPort(54329) });
    stops.push(postgres.stop);
    url = postgres.url;
    return `Postgres 18, embedded, port ${postgres.port}`;
  });
  await step("migrations", async () => {
    const applied = await migrateDatabase(url);
    return applied.length > 0 ? `${applied.length} applied` : "up to date";
  });
  return url;
}

async function startChain(env: Env): Promise<string> {
  if (process.env.CHAIN_RPC_URL) {
    stepDone("chain", "the one in CHAIN_RPC_URL", 0);
    return process.env.CHAIN_RPC_URL;
  }
  let url = "";
  await step("chain", async () => {
    const port = await preferredPort(8545);
    const chain = await startAnvil({ home: env.CONVERGE_HOME, port });
    stops.push(chain.stop);
    url = chain.url;
    return `anvil (osaka), embedded, port ${port}`;
  });
  return url;
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}

/** Whether any node serves a model: asked the way anybody can. */
async function hasNodeOnline(env: Env): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${env.PORT}/api/v1/models`, { signal: AbortSignal.timeout(5_000) });
    const { data } = (await response.json()) as { data?: unknown[] };
    return response.ok && data !== undefined && data.length > 0;
  } catch {
    return false;
  }
}

async function stopEverything(supervisor: ReturnType<typeof createSupervisor>, home: string): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  const stopStartedAt = Date.now();
  await supervisor.stop(["gpu-node", "web", "worker"], 3_500);
  await supervisor.stop(["signer"], 1_000);
  for (const stop of stops.reverse()) await stop().catch((error: Error) => process.stderr.write(`${error.message}\n`));
  await forgetInstance(home);
  process.stdout.write(`  stopped in ${((Date.now() - stopStartedAt) / 1000).toFixed(1)} s\n`);
}

async function main(): Promise<void> {
  if (existsSync(join(root, ".env"))) process.loadEnvFile(join(root, ".env"));
  const env = parseEnv(process.env);
  const home = env.CONVERGE_HOME;
  process.stdout.write(`\nConverge${isDev ? " (development, hot reload)" : ""}\n`);
  await claimHome(home);
  await checkPort(env);
  const installMs = Number(process.env.CONVERGE_INSTALL_MS ?? 0);
  if (installMs > 0) stepDone("packages", "installed from the lockfile", installMs);

  const supervisor = createSupervisor(home, () => void recordInstance(home, env.PUBLIC_URL, supervisor.pids()));
  const end = async (code: number) => {
    await stopEverything(supervisor, home);
    process.exit(code);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void end(0));
  await recordInstance(home, env.PUBLIC_URL, {});

  try {
    await bringUp(env, supervisor);
  } catch (error) {
    if (!isStopping) process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
    await end(1);
  }
}

async function bringUp(env: Env, supervisor: ReturnType<typeof createSupervisor>): Promise<void> {
  const home = env.CONVERGE_HOME;
  const [databaseUrl, chainUrl] = await Promise.all([
    step("client", async () => ((await generateClient()) ? "Prisma client generated" : "unchanged")).then(() =>
      startDatabase(env),
    ),
    startChain(env),
    step("contracts", async () => ((await buildContracts()) ? "compiled" : "unchanged")),
  ]);
  await recordConnections(home, { DATABASE_URL: databaseUrl, CHAIN_RPC_URL: chainUrl });
  const programEnv: NodeJS.ProcessEnv = {
    ...process.env,
    NODE_ENV: isDev ? "development" : "production",
    DATABASE_URL: databaseUrl,
    CHAIN_RPC_URL: chainUrl,
    CONVERGE_HOME: home,
    SIGNER_SOCKET: env.SIGNER_SOCKET,
    AUTH_SECRET: env.AUTH_SECRET ?? (await installationSecret(home)),
    PUBLIC_URL: env.PUBLIC_URL,
    NEXTAUTH_URL: env.PUBLIC_URL,
    PORT: String(env.PORT),
    // The supervisor gives a program 3.5 s to drain; a program on its own takes the longer time of its default.
    DRAIN_MS: "3000",
  };
  await step("signer", async () => {
    supervisor.start({ name: "signer", file: "server/signer/main.ts", env: programEnv });
    await waitUntil("The signer", () => isSignerUp(env.SIGNER_SOCKET));
    return "keys sealed, socket open";
  });
  await Promise.all([
    step(
      "deployment",
      async () =>
        (
          await runToEnd(process.execPath, [...NODE_FLAGS, join(root, "scripts/deploy.ts")], {
            cwd: root,
            env: programEnv,
          })
        )
          .trim()
          .split("\n")
          .at(-1) ?? "",
    ),
    isDev ? undefined : step("build", async () => ((await buildWeb()) ? "web app built" : "unchanged")),
  ]);
  await step("processes", async () => {
    supervisor.start({ name: "web", file: "server/web/main.ts", env: programEnv });
    supervisor.start({ name: "worker", file: "server/jobs/main.ts", env: programEnv });
    await waitUntil("The web process", () => isHealthy(`http://127.0.0.1:${env.PORT}/api/health/live`), 120_000);
    return "web, worker";
  });
  await step("gpu-node", () => startNode(env, supervisor, programEnv));
  await step("health", async () => {
    await waitUntil("Converge", () => isHealthy(`http://127.0.0.1:${env.PORT}/api/health/ready`), 60_000);
    return "database, chain, queue and signer answer";
  });
  printReady(env);
}

/** The embedded provider: it joins with a one-time token, as any other, and knows as little of the platform. */
async function startNode(
  env: Env,
  supervisor: ReturnType<typeof createSupervisor>,
  programEnv: NodeJS.ProcessEnv,
): Promise<string> {
  const state = join(env.CONVERGE_HOME, "gpu-node");
  const { DATABASE_URL, AUTH_SECRET, SIGNER_SOCKET, METRICS_TOKEN, ...nodeEnv } = programEnv;
  const makeToken = () =>
    runToEnd(process.execPath, [...NODE_FLAGS, join(root, "scripts/join-token.ts")], { cwd: root, env: programEnv });
  const token = existsSync(join(state, "identity.json")) ? [] : ["--token", (await makeToken()).trim()];
  supervisor.start({
    name: "gpu-node",
    file: "gpu-node/main.ts",
    args: [
      "--url",
      `http://127.0.0.1:${env.PORT}`,
      "--state-dir",
      state,
      "--name",
      "embedded",
      "--embedded",
      "--rent",
      ...token,
    ],
    env: nodeEnv,
  });
  // Without it everything but inference works, so a node that cannot run here does not stop the start.
  const isOnline = await waitUntil("The node", () => hasNodeOnline(env), 30_000).then(
    () => true,
    () => false,
  );
  return isOnline
    ? "an embedded provider on this machine's CPU"
    : `not online yet; its log: ${join(env.CONVERGE_HOME, "gpu-node.log")}`;
}

function printReady(env: Env): void {
  const seconds = ((Date.now() - startedAt + Number(process.env.CONVERGE_INSTALL_MS ?? 0)) / 1000).toFixed(0);
  const demo = env.DEMO_SIGN_IN
    ? `\n  Demo accounts, one click at ${env.PUBLIC_URL}/sign-in\n    user       earns, spends, owns agents\n    provider   rents out this machine's embedded node\n    admin      sees the back office at /admin\n    approver   a second admin, who decides on what the first proposes\n`
    : "";
  process.stdout.write(
    `\n  Converge runs at ${env.PUBLIC_URL}   (ready in ${seconds} s)\n${demo}\n  The whole way through: npm run journey, or ${env.PUBLIC_URL}/tour\n  Ctrl-C stops everything.\n\n`,
  );
}

try {
  await main();
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
