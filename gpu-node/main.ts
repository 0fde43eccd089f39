import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { findServers } from "./discover.ts";
import type { Engine } from "./engine.ts";
import { readHardware } from "./hardware.ts";
import { loadIdentity } from "./identity.ts";
import { openRental } from "./jobs/rental.ts";
import { RunnerMissing } from "./jobs/runner.ts";
import { joinEngines } from "./joined-engine.ts";
import { openLlamaEngine } from "./llama-engine.ts";
import { openOpenAiEngine } from "./openai-engine.ts";
import { HELP, type Options, readOptions, type Serving, TINY, UsageError } from "./options.ts";
import { connectPlatform, PlatformRefusal } from "./platform.ts";
import { testLine, testModels } from "./self-test.ts";
import { joinPlatform, serve } from "./serve.ts";
import { openTestedEngine } from "./tested-engine.ts";

const print = (line: string) => process.stdout.write(`[node] ${line}\n`);
const MODELS_AGAIN_MS = 10_000;
type Say = (line: string) => void;

async function openEngine(options: Options, say: Say, serving: Serving = options.serving): Promise<Engine> {
  const { contextTokens, capacity, threads, features } = options;
  if (serving.kind === "embedded") return openLlamaEngine({ ...serving, contextTokens, capacity, threads });
  if (serving.kind === "openai") {
    const engine = openOpenAiEngine({ ...serving, contextTokens, features });
    if (serving.models === "all") await engine.refresh();
    return engine;
  }
  const servers = await findServers();
  for (const { name, baseUrl, models } of servers)
    say(`Found ${name} at ${baseUrl} with ${models.map(({ id }) => id).join(", ")}.`);
  if (servers.length === 0) return openEngine(options, say, { kind: "embedded", ...TINY });
  const all = { kind: "openai", models: "all", apiKey: null } as const;
  return joinEngines(await Promise.all(servers.map(({ baseUrl }) => openEngine(options, say, { ...all, baseUrl }))));
}

/** A machine that cannot keep jobs apart still serves its models. */
function goOnWithout(error: unknown): null {
  if (!(error instanceof RunnerMissing)) throw error;
  print(`No jobs are taken: ${error.message}`);
  return null;
}

/** Tests what would be listed and says how it went; nothing is joined. */
async function runSelfTest(options: Options): Promise<number> {
  const [engine, hardware] = await Promise.all([openEngine(options, print), readHardware()]);
  print(describeHardware(hardware));
  const tests = await testModels(engine);
  for (const test of tests) print(testLine(test));
  if (options.rent) {
    const rental = await openRental(options.rent, hardware).catch(goOnWithout);
    if (rental) {
      const { cpuCores, memoryMb, gpus, allowsNetwork } = await rental.offer();
      const cards = gpus.map(({ count, model }) => `${count} × ${model}`).join(", ") || "no GPU";
      print(`Jobs: ${cpuCores} cores, ${memoryMb} MB, ${cards}, ${allowsNetwork ? "with" : "without"} a network.`);
    }
  }
  await engine.close();
  return tests.some(({ problem }) => problem === null) ? 0 : 1;
}

const describeHardware = ({ cpuCores, memoryBytes, gpus }: Awaited<ReturnType<typeof readHardware>>): string =>
  `${cpuCores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB memory, ${gpus.map((gpu) => gpu.name).join(", ") || "no GPU"}.`;

async function main(args: string[]): Promise<number> {
  const options = readOptions(args);
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.isTest) return runSelfTest(options);
  const drain = new AbortController();
  let isServing = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      // Before it serves there is nothing to finish; a second signal means now.
      if (!isServing || drain.signal.aborted) process.exit(isServing ? 130 : 0);
      drain.abort();
    });
  }
  let say: Say = print;
  const tell = (line: string) => say(line);
  const identity = await loadIdentity(options.stateDir);
  const [opened, hardware] = await Promise.all([openEngine(options, tell), readHardware()]);
  say(`${options.name}: ${describeHardware(hardware)}`);
  // Nothing is listed before it has done once what it is listed for.
  const engine = options.skipsTest ? opened : openTestedEngine(opened, tell);
  if (!options.skipsTest) await engine.refresh();
  await waitForModels(engine, identity.nodeIdAt(options.url) !== null, tell);
  const platform = connectPlatform(options.url, identity, tell);
  const rental = options.rent ? await openRental(options.rent, hardware).catch(goOnWithout) : null;
  if (options.rent?.allowsNetwork && rental && !(await rental.offer()).allowsNetwork)
    say("Jobs get no network: install slirp4netns and iproute2, and rent out this machine itself, not a cluster.");
  const direct = options.direct && { ...options.direct, key: options.direct.key ?? newKey(options.direct.listen) };
  const node = { options, identity, engine, platform, hardware, rental, direct, say: tell };
  const nodeId = await joinPlatform(node);
  say(
    `Serving ${engine
      .models()
      .map((model) => model.model)
      .join(", ")}. Waiting for work.`,
  );
  isServing = true;
  await serve(node, nodeId, drain.signal, (shown) => {
    say = shown;
  });
  print("Ended.");
  return 0;
}

/** A node that comes back after its machine did may be quicker than its model server; a new one is told what is wrong. */
async function waitForModels(engine: Engine, isKnown: boolean, say: Say): Promise<void> {
  while (engine.models().length === 0) {
    if (!isKnown) throw new UsageError("No model here passed its test, so there is nothing to list.");
    say("No model is there yet. Looking again until one is.");
    await sleep(MODELS_AGAIN_MS);
    await engine.refresh();
  }
}

/** Where the node itself listens, only the platform is told the key, and it is another one each time. */
const newKey = (listen: number | null): string | null =>
  listen === null ? null : randomBytes(32).toString("base64url");

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    // Mistakes and refusals are sentences; anything else is a fault of this program and shows where.
    const isExpected = error instanceof UsageError || error instanceof PlatformRefusal;
    process.stderr.write(
      `[node] ${isExpected ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exit(isExpected ? 2 : 1);
  },
);
