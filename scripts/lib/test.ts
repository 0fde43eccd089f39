import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBrowser } from "./browser.ts";
import { buildContracts, buildWeb, generateClient } from "./build.ts";
import { freePort } from "./ports.ts";
import { NODE_FLAGS, root, startTestServices } from "./services.ts";
import {
  browserSuite,
  contractsSuite,
  driftSuite,
  finish,
  integrationSuite,
  journeySuite,
  QUICK_SUITES,
  runSuite,
  type SuiteResult,
} from "./suites.ts";
import { ensureJobPrograms } from "./system-packages.ts";

// A build of its own, so that testing does not pull the one from under a running instance.
process.env.NEXT_DIST_DIR ??= ".next-test";

const results: SuiteResult[] = [];
const run = async ([name, command]: [string, string[]], env?: NodeJS.ProcessEnv) => {
  results.push(await runSuite(name, command, env));
};

/** An address that stands for a reverse proxy of ours in the tests of limits. */
const PROXY = "127.254.254.254";

/** Starts the whole of Converge the way a user does, in a folder and on a port of its own. */
async function startInstance(): Promise<{ url: string; stop: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), "converge-e2e-"));
  const port = await freePort();
  const child = spawn(process.execPath, [...NODE_FLAGS, join(root, "scripts/lib/start.ts")], {
    cwd: root,
    env: {
      ...process.env,
      CONVERGE_HOME: home,
      PORT: String(port),
      CONVERGE_INSTALL_MS: "0",
      TRUSTED_PROXIES: PROXY,
      DATABASE_URL: "",
      CHAIN_RPC_URL: "",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("Converge runs at")) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", () => reject(new Error(`Converge did not start:\n${output}`)));
  });
  return {
    url: `http://localhost:${port}`,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** What needs services but no web app: ledger, doors' handlers, chain, proofs. */
async function runIntegration(): Promise<void> {
  ensureJobPrograms();
  await buildContracts();
  const services = await startTestServices({ chain: true });
  try {
    await run(integrationSuite(), { ...process.env, ...services.env, CONVERGE_TEST_WORLD: services.home });
  } finally {
    await services.stop();
  }
}

/** What a user does: the journey through the public interfaces, then the browser. */
async function runJourneys(): Promise<void> {
  const executable = ensureBrowser();
  const instance = await startInstance();
  const env = { ...process.env, BASE_URL: instance.url, CHROMIUM_PATH: executable, TRUSTED_PROXIES: PROXY };
  try {
    await run(journeySuite(), env);
    await run(browserSuite(), env);
  } finally {
    await instance.stop();
  }
}

async function attempt(name: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stdout.write(`  ✗ ${name}\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    results.push({ name, passed: 0, failed: 1, skipped: 0, ms: 0, output: "" });
  }
}

process.stdout.write("\nConverge tests\n");
await generateClient();
await attempt("quick suites", async () => {
  for (const suite of QUICK_SUITES) await run(suite);
});
await attempt("contracts", () => run(contractsSuite()));
await attempt("generated", () => run(driftSuite()));
await attempt("integration", runIntegration);
await attempt("web build", buildWeb);
await attempt("journeys", runJourneys);
finish(results);
