/** What a proof costs: gates, time, memory and gas of networks of several shapes, on the machine it runs on. */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { proofVerifierAbi } from "#core/generated/abis.ts";
import { blankNetwork } from "#core/zk/circuit/blank-network.ts";
import type { IntegerNetwork } from "#core/zk/integer-network.ts";
import { type Architecture, architectureSchema, sizeOf } from "#core/zk/network.ts";
import { quantise } from "#core/zk/quantise.ts";
import { quantiseInput } from "#core/zk/run-integer.ts";
import { type CompiledVerifier, ensureCircuitKeys, ensureCompiledVerifier } from "#server/proofs/build-verifier.ts";
import { connectToDevelopmentChain, ensureVerifier } from "#server/proofs/deploy-verifier.ts";
import {
  type DigitsModelName,
  loadDigitsCalibration,
  loadDigitsModel,
  loadDigitsValidation,
} from "#server/proofs/digits-model.ts";
import { zkFolder } from "#server/proofs/local-srs.ts";
import { ensureNetworkArtifact } from "#server/proofs/network-artifact.ts";
import type { CircuitProof } from "#server/proofs/prove-circuit.ts";
import { proveNetwork } from "#server/proofs/prove-network.ts";
import { type BenchRow, bounded, median, round } from "./bench-row.ts";
import { readPeakMb } from "./peak-memory.ts";

const ROUNDS = 3;

type Proved = {
  name: string;
  network: IntegerNetwork;
  inputs: readonly ArrayLike<number>[];
  /** Points of accuracy that whole numbers lose, on images that nobody trained on. */
  lost: number | null;
};

const linear = (name: string, input: string, inner: number, columns: number, activation: "relu" | "none") => ({
  name,
  output: name,
  shape: [columns],
  kind: "linear",
  input,
  rows: 1,
  inner,
  columns,
  activation,
});

const networkOf = (shape: number[], layers: readonly object[]): Architecture =>
  architectureSchema.parse({ format: 1, input: { tensor: "x", shape }, layers, output: "y" });

const mlp = (inner: number, hidden: number, outputs: number): Architecture =>
  networkOf([inner], [linear("hidden", "x", inner, hidden, "relu"), linear("y", "hidden", hidden, outputs, "none")]);

/** Full binary trees of so many levels; which feature a node asks is public. */
function forest(count: number, depth: number, features: number): Architecture {
  const nodes = 2 ** depth - 1;
  const child = (place: number) => (place < nodes ? place : -1 - (place - nodes));
  const tree = (number: number) => ({
    nodes: Array.from({ length: nodes }, (_, i) => ({
      feature: (i * 7 + number * 3) % features,
      low: child(2 * i + 1),
      high: child(2 * i + 2),
    })),
    leaves: nodes + 1,
  });
  const trees = Array.from({ length: count }, (_, number) => tree(number));
  return networkOf(
    [features],
    [{ name: "y", output: "y", shape: [1], kind: "trees", input: "x", features, outputs: 1, trees }],
  );
}

const metrics = z
  .object({ models: z.record(z.string(), z.object({ accuracyFloat: z.number(), accuracyInteger: z.number() })) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "../models/digits/metrics.json"), "utf8")));

/** A classifier of digits in whole numbers, and so many images that it has not seen. */
function digits(model: DigitsModelName, name: string, batch = 1): Proved {
  const samples = loadDigitsCalibration().map(({ pixels }) => pixels);
  const network = quantise(loadDigitsModel(model), samples);
  const images = loadDigitsValidation().slice(0, batch);
  const { accuracyFloat = 0, accuracyInteger = 0 } = metrics.models[model] ?? {};
  return {
    name,
    network,
    inputs: images.map(({ pixels }) => quantiseInput(network, pixels)),
    lost: round(accuracyFloat - accuracyInteger, 2),
  };
}

/** A network that was taught nothing: what it costs is what any of its architecture costs. */
function blank(name: string, architecture: Architecture): Proved {
  const input = Array.from({ length: sizeOf(architecture.input.shape) }, (_, i) => (i * 37) % 256);
  return { name, network: blankNetwork(architecture), inputs: [input], lost: null };
}

const PROVED = {
  mlp: () => digits("784-16-10", "784-16-10"),
  batch: () => digits("784-16-10", "784-16-10, 16 in one proof", 16),
  wide: () => digits("784-64-10", "784-64-10"),
  lenet: () => digits("lenet", "LeNet"),
  forest: () => blank("100 trees of depth 6", forest(100, 6, 20)),
  large: () => blank("784-320-10", mlp(784, 320, 10)),
} satisfies Record<string, () => Proved>;
type Name = keyof typeof PROVED;

const weightsOf = ({ parameters }: IntegerNetwork): number =>
  [...parameters.values()].reduce((sum, { weights }) => sum + weights.length, 0);

type Measured = {
  proved: Proved;
  gates: number;
  setUpMs: number;
  proveMs: number[];
  memoryMb: number;
  gas: number;
};

async function gasOf(
  compiled: CompiledVerifier,
  { proof, publicInputs }: Pick<CircuitProof, "proof" | "publicInputs">,
): Promise<number> {
  const chain = connectToDevelopmentChain();
  const [account] = await chain.getAddresses();
  if (!account) throw new Error("The chain has no unlocked account.");
  const address = await ensureVerifier(chain, account, compiled);
  const call = { address, abi: proofVerifierAbi, functionName: "verify", args: [proof, publicInputs] } as const;
  if (!(await chain.readContract(call))) throw new Error("The proof was refused.");
  return Number(await chain.estimateContractGas({ ...call, account }));
}

/** Set-up once, proofs several times, verification on the chain. */
async function measure(proved: Proved): Promise<Measured> {
  const { network, inputs } = proved;
  const startedAt = performance.now();
  const artifact = await ensureNetworkArtifact(network.architecture, inputs.length);
  const compiled = await ensureCompiledVerifier(await ensureCircuitKeys(artifact), "optimized");
  const setUpMs = performance.now() - startedAt;
  const statement = { network, inputs, salt: 1n, inputSalt: 2n, context: 3n };
  const proveMs: number[] = [];
  let memoryMb = 0;
  let last: Awaited<ReturnType<typeof proveNetwork>> | undefined;
  for (let n = 0; n < ROUNDS; n++) {
    let isRunning = true;
    const from = performance.now();
    last = await proveNetwork(statement, async (processId) => {
      while (isRunning) {
        memoryMb = Math.max(memoryMb, readPeakMb(processId) ?? 0);
        await sleep(5);
      }
    }).finally(() => {
      isRunning = false;
    });
    proveMs.push(performance.now() - from);
  }
  if (!last) throw new Error("Nothing was proved.");
  const gas = await gasOf(compiled, last);
  return { proved, gates: artifact.gates, setUpMs, proveMs, memoryMb, gas };
}

const seconds = (ms: readonly number[]): number => round(median(ms) / 1_000, 2);

function rowsOf({ proved: { name, lost }, gates, setUpMs, proveMs, memoryMb, gas }: Measured): BenchRow[] {
  const loss = lost === null ? "" : `; ${lost} points of accuracy lost`;
  return [
    {
      name: `${name}: set-up`,
      value: round(setUpMs / 1_000, 1),
      unit: "s",
      note: `${gates} gates: circuit, key, contract`,
    },
    {
      name: `${name}: proof`,
      value: seconds(proveMs),
      unit: "s",
      note: `with its witness; prover's peak ${Math.round(memoryMb)} MiB${loss}`,
    },
    { name: `${name}: verification`, value: gas, unit: "gas" },
  ];
}

/** A string that was made before spares minutes: `PROVE_SRS=FOLDER`. */
function takeGivenSrs(): void {
  const given = process.env.PROVE_SRS;
  if (!given) return;
  mkdirSync(zkFolder(), { recursive: true });
  if (!existsSync(join(zkFolder(), "srs"))) symlinkSync(given, join(zkFolder(), "srs"));
}

/** What the issue of proofs asks for, of those that were measured. */
function boundsOf(found: ReadonlyMap<Name, Measured>): BenchRow[] {
  const of = (name: Name, read: (measured: Measured) => number): number | undefined => {
    const measured = found.get(name);
    return measured && read(measured);
  };
  const time = ({ proveMs }: Measured) => seconds(proveMs);
  const memory = ({ memoryMb }: Measured) => Math.round(memoryMb);
  const rows = [
    ["784-16-10: proof with witness", of("mlp", time), "s", "<= 1.5"],
    ["784-16-10: prover's memory", of("mlp", memory), "MiB", "<= 120"],
    [
      "784-16-10: gates a weight",
      of("mlp", (one) => round(one.gates / weightsOf(one.proved.network), 2)),
      "gates",
      "<= 3.8",
    ],
    ["784-16-10: verification", of("mlp", ({ gas }) => gas), "gas", "<= 900000"],
    ["16 in one proof: gates an inference", of("batch", ({ gates }) => Math.round(gates / 16)), "gates", "<= 6500"],
    ["16 in one proof: verification an inference", of("batch", ({ gas }) => Math.round(gas / 16)), "gas", "<= 60000"],
    ["784-64-10: accuracy lost", of("wide", ({ proved }) => proved.lost ?? 0), "points", "<= 0.1"],
    ["LeNet: proof with witness", of("lenet", time), "s", "<= 15"],
    ["LeNet: prover's memory", of("lenet", memory), "MiB", "<= 1500"],
    ["100 trees of depth 6: proof with witness", of("forest", time), "s", "<= 2"],
  ] as const;
  return rows.flatMap(([name, value, unit, bound]) => (value === undefined ? [] : bounded(name, value, unit, bound)));
}

export async function run(): Promise<BenchRow[]> {
  takeGivenSrs();
  const names = (process.env.PROVE_SHAPES ?? "mlp,batch,wide,lenet,forest").split(",") as Name[];
  const found = new Map<Name, Measured>();
  for (const name of names) found.set(name, await measure(PROVED[name]()));
  return [...[...found.values()].flatMap(rowsOf), ...boundsOf(found)];
}
