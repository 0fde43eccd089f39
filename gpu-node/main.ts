import { readHardware } from "./hardware.ts";
import { loadIdentity } from "./identity.ts";
import { openRental } from "./jobs/rental.ts";
import { RunnerMissing } from "./jobs/runner.ts";
import { openLlamaEngine } from "./llama-engine.ts";
import { openOpenAiEngine } from "./openai-engine.ts";
import { HELP, type Options, readOptions, UsageError } from "./options.ts";
import { connectPlatform, PlatformRefusal } from "./platform.ts";
import { joinPlatform, serve } from "./serve.ts";

const say = (line: string) => process.stdout.write(`[node] ${line}\n`);

async function openEngine(options: Options) {
  const { serving, contextTokens, capacity, threads } = options;
  return serving.kind === "openai"
    ? openOpenAiEngine({ ...serving, contextTokens, features: options.features })
    : openLlamaEngine({ ...serving, contextTokens, capacity, threads });
}

/** A machine that cannot keep jobs apart still serves its models. */
function goOnWithout(error: unknown): null {
  if (!(error instanceof RunnerMissing)) throw error;
  say(`No jobs are taken: ${error.message}`);
  return null;
}

async function main(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (!options) {
    process.stdout.write(HELP);
    return;
  }
  const drain = new AbortController();
  let isServing = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      // Before it serves there is nothing to finish; a second signal means now.
      if (!isServing || drain.signal.aborted) process.exit(isServing ? 130 : 0);
      drain.abort();
    });
  }
  const identity = await loadIdentity(options.stateDir);
  const [engine, hardware] = await Promise.all([openEngine(options), readHardware()]);
  const gpus = hardware.gpus.map((gpu) => gpu.name).join(", ") || "no GPU";
  say(
    `${options.name}: ${hardware.cpuCores} cores, ${Math.round(hardware.memoryBytes / 2 ** 30)} GiB memory, ${gpus}.`,
  );
  const platform = connectPlatform(options.url, identity, say);
  const rental = options.rent ? await openRental(options.rent, hardware).catch(goOnWithout) : null;
  if (options.rent?.allowsNetwork && rental && !(await rental.offer()).allowsNetwork)
    say("Jobs get no network: install slirp4netns and iproute2, and rent out this machine itself, not a cluster.");
  const node = { options, identity, engine, platform, hardware, rental, say };
  await joinPlatform(node);
  say(
    `Serving ${engine
      .models()
      .map((model) => model.model)
      .join(", ")}. Waiting for work.`,
  );
  isServing = true;
  await serve(node, drain.signal);
  say("Ended.");
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (error: unknown) => {
    // Mistakes and refusals are sentences; anything else is a fault of this program and shows where.
    const isExpected = error instanceof UsageError || error instanceof PlatformRefusal;
    process.stderr.write(
      `[node] ${isExpected ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
    );
    process.exit(isExpected ? 2 : 1);
  },
);
