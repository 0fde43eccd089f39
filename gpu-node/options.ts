import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { OFFER_FEATURES, type OfferFeature } from "../core/schemas/node-protocol.ts";

export const HELP = `converge-node: serve models to Converge and be paid for what you deliver.

  node gpu-node --url https://converge.example --token cvgjoin_…
  node gpu-node self-test [OPTIONS]      tests what would be listed, and joins nothing

The token is made on the console's compute page, works once, and is needed only the first time: the node keeps
its identity key in its state folder and comes back under it.

  --url URL               the platform's address (required)
  --token TOKEN           a one-time join token (first start only)
  --name NAME             what the catalogue calls this node (default: the host's name)
  --state-dir DIR         where the identity key is kept (default: ~/.converge-node)
  --capacity N            answers at the same time (default: 4)
  --price-input DOLLARS   for a million prompt tokens (default: 0.10)
  --price-output DOLLARS  for a million answer tokens (default: 0.40)

What it serves, one of:
  (nothing)               what Ollama, vLLM, Ray Serve, llama.cpp, LM Studio or SGLang serve on their usual ports here,
                          as it comes and goes; where there is none, the embedded converge/tiny-1, on the CPU
  --embedded              converge/tiny-1, whatever else is there
  --gguf FILE --model NAME
                          a GGUF file, through the embedded llama.cpp
  --openai-base-url URL [--model NAME …]
                          any OpenAI-compatible server: Ollama, vLLM, …; without --model, all it lists. Its key, if it
                          wants one, is read from the variable CONVERGE_NODE_OPENAI_KEY
  --features LIST         what that server can do beside chat: completion,tools,json,logprobs,embedding
                          (default: completion,tools,json,logprobs)
  --direct-url URL        a public https address at which the platform may call this node itself, for less delay: the
                          node listens behind it (--direct-listen), or a model server does, whose models are named as
                          the catalogue names them; its key is read from CONVERGE_NODE_DIRECT_KEY
  --direct-listen PORT    where the node listens for such calls
  --skip-self-test        list models without asking them anything first
  --attest PROGRAM        shows evidence of a trusted environment: the program gets 128 hex digits and prints JSON,
                          {"kind": "sev-snp", "report": base64, "certificates": [base64, …]}, the chip's own first
  --view                  a picture of earnings and load instead of lines
  --region NAME           where the machine is, for those who ask for it: eu-central, us-east, …
Rent the machine out for jobs, too:
  --rent                  take jobs, kept apart from this machine by bubblewrap (or a cluster's scheduler)
  --runner NAME           bubblewrap (with podman for images), slurm or kubernetes (default: bubblewrap)
  --shared-folder DIR     a folder that all of the cluster's machines share (slurm, kubernetes)
  --kubernetes-claim NAME the claim of the volume behind that folder, and --kubernetes-namespace NAME (default: converge)
  --slurm-partition NAME  where jobs are queued (default: the cluster's own)
  --rent-cores N, --rent-memory MB, --rent-disk MB
                          what is rented out of this machine (default: all cores, half the memory, 10 GB)
  --price-core-hour DOLLARS, --price-gpu-hour DOLLARS
                          (default: 0.02 and 1.00)
  --jobs N                jobs at a time (default: as many as fit)
  --allow-network         let jobs that ask for it reach the internet

  --context TOKENS        the context length of those models (default: the file's, or 8192)
  --threads N             CPU threads of the embedded llama.cpp (default: 1 for tiny-1, else all cores)

  --help                  this text

SIGTERM finishes the answers at hand, takes no new ones, and ends; a second one ends at once.
`;

/** A mistake of whoever started the program: printed as a sentence, without a stack. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export type Serving =
  | { kind: "embedded"; file: string; model: string }
  /** What a named server has: some of it, or all. */
  | { kind: "openai"; baseUrl: string; models: string[] | "all"; apiKey: string | null }
  /** Whatever is found on this machine; else the embedded model. */
  | { kind: "found" };

/** What is rented out for jobs. Prices are micro-dollars an hour, as decimal text. */
export type RentOptions = {
  runner: "bubblewrap" | "slurm" | "kubernetes";
  /** A folder that the cluster's machines see, too. */
  sharedFolder: string | null;
  slurmPartition: string | null;
  kubernetesClaim: string | null;
  kubernetesNamespace: string;
  cores: number | null;
  memoryMb: number | null;
  diskMb: number;
  pricePerCoreHour: string;
  pricePerGpuHour: string;
  jobsMax: number;
  allowsNetwork: boolean;
};

/** Where the platform may call this node: `listen` is null when something else answers there. */
export type DirectOptions = { url: string; listen: number | null; key: string | null };

export type Options = {
  direct: DirectOptions | null;
  hasView: boolean;
  /** A program that prints evidence of a trusted environment. */
  attest: string | null;
  skipsTest: boolean;
  /** Only tests what would be listed. */
  isTest: boolean;
  url: string;
  token: string | null;
  name: string;
  stateDir: string;
  capacity: number;
  /** Micro-dollars for a million tokens, as decimal text. */
  inputPrice: string;
  outputPrice: string;
  contextTokens: number | null;
  threads: number | null;
  features: OfferFeature[];
  rent: RentOptions | null;
  region: string | null;
  serving: Serving;
};

export const TINY = { file: join(import.meta.dirname, "../models/tiny-lm/tiny-1.gguf"), model: "converge/tiny-1" };

const FLAGS = {
  url: { type: "string" },
  token: { type: "string" },
  name: { type: "string" },
  "state-dir": { type: "string" },
  capacity: { type: "string" },
  "price-input": { type: "string" },
  "price-output": { type: "string" },
  gguf: { type: "string" },
  model: { type: "string", multiple: true },
  "openai-base-url": { type: "string" },
  context: { type: "string" },
  features: { type: "string" },
  rent: { type: "boolean" },
  runner: { type: "string" },
  "shared-folder": { type: "string" },
  "kubernetes-claim": { type: "string" },
  "kubernetes-namespace": { type: "string" },
  "slurm-partition": { type: "string" },
  "rent-cores": { type: "string" },
  "rent-memory": { type: "string" },
  "rent-disk": { type: "string" },
  "price-core-hour": { type: "string" },
  "price-gpu-hour": { type: "string" },
  jobs: { type: "string" },
  "allow-network": { type: "boolean" },
  embedded: { type: "boolean" },
  "direct-url": { type: "string" },
  "direct-listen": { type: "string" },
  view: { type: "boolean" },
  attest: { type: "string" },
  "skip-self-test": { type: "boolean" },
  region: { type: "string" },
  threads: { type: "string" },
  help: { type: "boolean" },
} as const;

/** Dollars as a person writes them, in whole micro-dollars; what is finer than that is refused. */
export function readPrice(flag: string, text: string): string {
  const digits = /^(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text);
  if (!digits) throw new UsageError(`${flag} is an amount in dollars with up to six decimals, like 0.25.`);
  return (BigInt(digits[1] ?? "0") * 1_000_000n + BigInt((digits[2] ?? "").padEnd(6, "0"))).toString();
}

function readCount(flag: string, text: string | undefined, most: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new UsageError(`${flag} is a whole number from 1 to ${most}.`);
  return value;
}

const RUNNERS = ["bubblewrap", "slurm", "kubernetes"] as const;

type Given = ReturnType<typeof parse>["values"];

function readRent(values: Given): RentOptions {
  const runner = RUNNERS.find((name) => name === (values.runner ?? "bubblewrap"));
  if (!runner) throw new UsageError(`--runner knows no "${values.runner}", only ${RUNNERS.join(", ")}.`);
  if (runner !== "bubblewrap" && !values["shared-folder"])
    throw new UsageError(
      `--runner ${runner} needs --shared-folder: a folder that all of the cluster's machines share.`,
    );
  if (runner === "kubernetes" && !values["kubernetes-claim"])
    throw new UsageError(
      "--runner kubernetes needs --kubernetes-claim: the claim of the volume behind the shared folder.",
    );
  return {
    runner,
    sharedFolder: values["shared-folder"] ?? null,
    kubernetesClaim: values["kubernetes-claim"] ?? null,
    kubernetesNamespace: values["kubernetes-namespace"] ?? "converge",
    slurmPartition: values["slurm-partition"] ?? null,
    cores: readCount("--rent-cores", values["rent-cores"], 1_000_000),
    memoryMb: readCount("--rent-memory", values["rent-memory"], 1_000_000_000),
    diskMb: readCount("--rent-disk", values["rent-disk"], 1_000_000_000) ?? 10_000,
    pricePerCoreHour: readPrice("--price-core-hour", values["price-core-hour"] ?? "0.02"),
    pricePerGpuHour: readPrice("--price-gpu-hour", values["price-gpu-hour"] ?? "1.00"),
    jobsMax: readCount("--jobs", values.jobs, 100_000) ?? 100_000,
    allowsNetwork: values["allow-network"] ?? false,
  };
}

function readFeatures(text: string | undefined): OfferFeature[] {
  const named = (text ?? "completion,tools,json,logprobs").split(",").map((name) => name.trim());
  const unknown = named.find((name) => name !== "" && !OFFER_FEATURES.some((feature) => feature === name));
  if (unknown) throw new UsageError(`--features knows no "${unknown}", only ${OFFER_FEATURES.join(", ")}.`);
  return OFFER_FEATURES.filter((feature) => feature === "chat" || named.includes(feature));
}

function readRegion(text: string | undefined): string | null {
  if (text !== undefined && !/^[a-z0-9-]{2,32}$/.test(text))
    throw new UsageError("--region is a short name in small letters, like eu-central.");
  return text ?? null;
}

function readUrl(flag: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError(`${flag} is an http or https address.`);
  return text.replace(/\/+$/, "");
}

function readDirect(values: Given): DirectOptions | null {
  const url = values["direct-url"];
  const listen = readCount("--direct-listen", values["direct-listen"], 65_535);
  if (url === undefined && listen !== null) throw new UsageError("--direct-listen needs --direct-url beside it.");
  if (url === undefined) return null;
  return { url: readUrl("--direct-url", url), listen, key: process.env.CONVERGE_NODE_DIRECT_KEY ?? null };
}

function readServing(values: Given): Serving {
  const models = values.model ?? [];
  const baseUrl = values["openai-base-url"];
  if (baseUrl !== undefined) {
    const apiKey = process.env.CONVERGE_NODE_OPENAI_KEY ?? null;
    return {
      kind: "openai",
      baseUrl: readUrl("--openai-base-url", baseUrl),
      models: models.length > 0 ? models : "all",
      apiKey,
    };
  }
  if (values.gguf !== undefined) {
    const model = models[0];
    if (!model || models.length > 1)
      throw new UsageError("--gguf needs exactly one --model: the name to offer it under.");
    return { kind: "embedded", file: values.gguf, model };
  }
  if (models.length > 0) throw new UsageError("--model needs --gguf or --openai-base-url beside it.");
  return values.embedded ? { kind: "embedded", ...TINY } : { kind: "found" };
}

/** Reads the command line; null when help was asked for. */
export function readOptions(args: string[]): Options | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const isTest = positionals.length === 1 && positionals[0] === "self-test";
  if (positionals.length > 0 && !isTest) throw new UsageError(`There is no "${positionals[0]}", only self-test.`);
  if (!values.url && !isTest)
    throw new UsageError("Say where the platform is: --url https://… (--help explains every option).");
  return {
    url: values.url ? readUrl("--url", values.url) : "",
    isTest,
    direct: readDirect(values),
    hasView: values.view ?? false,
    attest: values.attest ?? null,
    skipsTest: values["skip-self-test"] ?? false,
    token: values.token ?? null,
    name: (values.name ?? hostname()).slice(0, 60),
    stateDir: values["state-dir"] ?? join(homedir(), ".converge-node"),
    capacity: readCount("--capacity", values.capacity, 1024) ?? 4,
    inputPrice: readPrice("--price-input", values["price-input"] ?? "0.10"),
    outputPrice: readPrice("--price-output", values["price-output"] ?? "0.40"),
    contextTokens: readCount("--context", values.context, 10_000_000),
    threads: readCount("--threads", values.threads, 1024),
    features: readFeatures(values.features),
    rent: values.rent ? readRent(values) : null,
    region: readRegion(values.region),
    serving: readServing(values),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: FLAGS, strict: true, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error} (--help explains every option).`);
  }
}
