/** What a proof costs: gates, time, memory and gas of networks of several shapes, on the machine it runs on. */
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createWalletClient, http, publicActions } from "viem";
import { proofVerifierAbi } from "#core/generated/abis.ts";
import { blankNetwork } from "#core/zk/circuit/blank-network.ts";
import { type Architecture, architectureSchema, sizeOf } from "#core/zk/network.ts";
import { env } from "#server/env.ts";
import { ensureCircuitKeys, ensureCompiledVerifier } from "#server/proofs/build-verifier.ts";
import { zkFolder } from "#server/proofs/local-srs.ts";
import { ensureNetworkArtifact } from "#server/proofs/network-artifact.ts";
import { proveNetwork } from "#server/proofs/prove-network.ts";
import { type BenchRow, bounded, median, round } from "./bench-row.ts";

const ROUNDS = 3;

type Shape = { name: string; architecture: Architecture; batch: number; weights: number };

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

const windowOf = (channels: number, size: number, kernel: number, stride: number, pad: number) => ({
  channels,
  height: size,
  width: size,
  kernel: [kernel, kernel],
  strides: [stride, stride],
  pads: [pad, pad, pad, pad],
  dilations: [1, 1],
});

/** LeNet-5 with 61,470 weights. */
const LENET = networkOf(
  [1, 28, 28],
  [
    {
      name: "c1",
      output: "c1",
      shape: [6, 28, 28],
      kind: "conv",
      input: "x",
      window: windowOf(1, 28, 5, 1, 2),
      filters: 6,
      groups: 1,
      activation: "relu",
    },
    {
      name: "p1",
      output: "p1",
      shape: [6, 14, 14],
      kind: "maxPool",
      input: "c1",
      window: windowOf(6, 28, 2, 2, 0),
    },
    {
      name: "c2",
      output: "c2",
      shape: [16, 10, 10],
      kind: "conv",
      input: "p1",
      window: windowOf(6, 14, 5, 1, 0),
      filters: 16,
      groups: 1,
      activation: "relu",
    },
    {
      name: "p2",
      output: "p2",
      shape: [16, 5, 5],
      kind: "maxPool",
      input: "c2",
      window: windowOf(16, 10, 2, 2, 0),
    },
    linear("f1", "p2", 400, 120, "relu"),
    linear("f2", "f1", 120, 84, "relu"),
    linear("y", "f2", 84, 10, "none"),
  ],
);

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

const SHAPES = {
  mlp: { name: "784-16-10", architecture: mlp(784, 16, 10), batch: 1, weights: 12_704 },
  batch: { name: "784-16-10, 16 in one proof", architecture: mlp(784, 16, 10), batch: 16, weights: 12_704 },
  wide: { name: "784-64-10", architecture: mlp(784, 64, 10), batch: 1, weights: 50_816 },
  lenet: { name: "LeNet", architecture: LENET, batch: 1, weights: 61_470 },
  forest: { name: "100 trees of depth 6", architecture: forest(100, 6, 20), batch: 1, weights: 6_300 },
  large: { name: "784-320-10", architecture: mlp(784, 320, 10), batch: 1, weights: 254_080 },
} satisfies Record<string, Shape>;

/** One reading of the highest memory so far, in MiB; null where the system keeps no such number. */
function readPeakMb(processId: number): number | null {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${processId}/status`, "utf8"))?.[1];
    return kilobytes ? Number(kilobytes) / 1024 : null;
  } catch {
    return null;
  }
}

type Measured = { gates: number; setUpMs: number; proveMs: number[]; memoryMb: number; gas: number };

async function gasOf(bytecode: `0x${string}`, proof: `0x${string}`, publicInputs: readonly `0x${string}`[]) {
  const chain = createWalletClient({ transport: http(env.CHAIN_RPC_URL), pollingInterval: 50 }).extend(publicActions);
  const [account] = await chain.getAddresses();
  if (!account) throw new Error("The chain has no unlocked account.");
  const hash = await chain.sendTransaction({ account, chain: null, data: bytecode, gas: 8_000_000n });
  const { contractAddress: address } = await chain.waitForTransactionReceipt({ hash });
  if (!address) throw new Error("The verifier was not deployed.");
  const call = { address, abi: proofVerifierAbi, functionName: "verify", args: [proof, publicInputs] } as const;
  if (!(await chain.readContract(call))) throw new Error("The proof was refused.");
  return Number(await chain.estimateContractGas(call));
}

/** Set-up once, proofs several times, verification on the chain. Weights are zero: they change neither gates nor time. */
async function measure({ architecture, batch }: Shape): Promise<Measured> {
  const startedAt = performance.now();
  const { gates } = await ensureNetworkArtifact(architecture, batch);
  const keys = await ensureCircuitKeys(await ensureNetworkArtifact(architecture, batch));
  const { bytecode } = await ensureCompiledVerifier(keys);
  const setUpMs = performance.now() - startedAt;
  const input = Array.from({ length: sizeOf(architecture.input.shape) }, (_, i) => (i * 37) % 256);
  const statement = { network: blankNetwork(architecture), salt: 1n, inputSalt: 2n, context: 3n };
  const proveMs: number[] = [];
  let memoryMb = 0;
  let last: Awaited<ReturnType<typeof proveNetwork>> | undefined;
  for (let n = 0; n < ROUNDS; n++) {
    let isRunning = true;
    const from = performance.now();
    last = await proveNetwork(
      { ...statement, inputs: Array.from({ length: batch }, () => input) },
      async (processId) => {
        while (isRunning) {
          memoryMb = Math.max(memoryMb, readPeakMb(processId) ?? 0);
          await sleep(5);
        }
      },
    ).finally(() => {
      isRunning = false;
    });
    proveMs.push(performance.now() - from);
  }
  if (!last) throw new Error("Nothing was proved.");
  return { gates, setUpMs, proveMs, memoryMb, gas: await gasOf(bytecode, last.proof, last.publicInputs) };
}

const seconds = (ms: readonly number[]): number => round(median(ms) / 1_000, 2);

function rowsOf({ name }: Shape, { gates, setUpMs, proveMs, memoryMb, gas }: Measured): BenchRow[] {
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
      note: `with its witness; prover's peak ${Math.round(memoryMb)} MiB`,
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

export async function run(): Promise<BenchRow[]> {
  takeGivenSrs();
  const names = (process.env.PROVE_SHAPES ?? "mlp,batch,wide,lenet,forest").split(",") as (keyof typeof SHAPES)[];
  const found = new Map<keyof typeof SHAPES, Measured>();
  for (const name of names) found.set(name, await measure(SHAPES[name]));
  const of = <Value>(name: keyof typeof SHAPES, read: (measured: Measured) => Value): Value | undefined => {
    const measured = found.get(name);
    return measured && read(measured);
  };
  const bounds = (
    [
      ["784-16-10: proof with witness", of("mlp", ({ proveMs }) => seconds(proveMs)), "s", "<= 1.5"],
      ["784-16-10: prover's memory", of("mlp", ({ memoryMb }) => Math.round(memoryMb)), "MiB", "<= 120"],
      ["784-16-10: gates a weight", of("mlp", ({ gates }) => round(gates / SHAPES.mlp.weights, 2)), "gates", "<= 3.8"],
      ["784-16-10: verification", of("mlp", ({ gas }) => gas), "gas", "<= 900000"],
      ["16 in one proof: gates an inference", of("batch", ({ gates }) => Math.round(gates / 16)), "gates", "<= 6500"],
      ["16 in one proof: verification an inference", of("batch", ({ gas }) => Math.round(gas / 16)), "gas", "<= 60000"],
      ["LeNet: proof with witness", of("lenet", ({ proveMs }) => seconds(proveMs)), "s", "<= 15"],
      ["LeNet: prover's memory", of("lenet", ({ memoryMb }) => Math.round(memoryMb)), "MiB", "<= 1500"],
      ["100 trees of depth 6: proof with witness", of("forest", ({ proveMs }) => seconds(proveMs)), "s", "<= 2"],
    ] as const
  ).flatMap(([name, value, unit, bound]) => (value === undefined ? [] : bounded(name, value, unit, bound)));
  return [...[...found].flatMap(([name, measured]) => rowsOf(SHAPES[name], measured)), ...bounds];
}
