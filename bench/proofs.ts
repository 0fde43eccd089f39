/** Cost of proving one output of the event scorer: size, time, memory and gas, on the machine it runs on. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { proofVerifierAbi } from "#core/generated/abis.ts";
import { publicInputsOf, toCircuitInput } from "#core/zk/mlp.ts";
import { publicClient } from "#server/chain/client.ts";
import { ensureCircuitKeys } from "#server/proofs/build-verifier.ts";
import { EVENT_SCORER_CIRCUIT, loadCircuit } from "#server/proofs/circuit-artifact.ts";
import { compileCircuit } from "#server/proofs/compile-circuit.ts";
import { ensureLocalSrs, zkFolder } from "#server/proofs/local-srs.ts";
import { proveWitness, solveWitness } from "#server/proofs/prove-circuit.ts";
import { runProgram } from "#server/proofs/run-program.ts";
import { setUpModel } from "#server/proofs/setup-model.ts";
import { ensureTrainedModel, randomField, readMetrics } from "#server/proofs/trained-model.ts";
import { type BenchRow, median, round, spread } from "./bench-row.ts";
import { readPeakMb } from "./peak-memory.ts";

const ROUNDS = 5;
async function timed<Result>(work: () => Promise<Result>): Promise<{ result: Result; ms: number }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, ms: performance.now() - startedAt };
}

/** Solves and proves a few different inputs, reading the prover's peak memory while it runs. */
async function measureProving() {
  const artifact = loadCircuit(EVENT_SCORER_CIRCUIT);
  const keys = await ensureCircuitKeys(artifact);
  const trained = ensureTrainedModel("event-scorer");
  const seen = { solveMs: [] as number[], proveMs: [] as number[], memoryMb: 0 };
  let last: Awaited<ReturnType<typeof proveWitness>> | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const features = Array.from({ length: 16 }, (_, i) => (i * 37 + round * 11) % 256);
    const input = { ...trained, features, inputSalt: randomField(), context: BigInt(round) };
    const solved = await timed(() => solveWitness(artifact, toCircuitInput(input)));
    let isRunning = true;
    const proving = proveWitness(artifact, keys, solved.result, async (processId) => {
      while (isRunning) {
        seen.memoryMb = Math.max(seen.memoryMb, readPeakMb(processId) ?? 0);
        await sleep(5);
      }
    }).finally(() => {
      isRunning = false;
    });
    last = await proving;
    seen.solveMs.push(solved.ms);
    seen.proveMs.push(last.proveMs);
    const expected = publicInputsOf(input);
    if (!last.publicInputs.every((word, i) => BigInt(word) === expected[i]))
      throw new Error("A proof shows other inputs.");
  }
  if (!last) throw new Error("Nothing was proved.");
  return { ...seen, last };
}

/** Measures compiling, setting up, proving and verifying; needs the development chain with its contracts. */
export async function run(): Promise<BenchRow[]> {
  const artifact = loadCircuit(EVENT_SCORER_CIRCUIT);
  const compiled = await timed(() => compileCircuit(EVENT_SCORER_CIRCUIT));
  const { points } = await ensureLocalSrs(1);
  const folder = join(zkFolder(), "bench-srs");
  const script = join(import.meta.dirname, "..", "server", "proofs", "generate-srs.ts");
  const limits = { timeoutMs: 120_000, memoryMb: 65_536 };
  const srs = await runProgram(process.execPath, [script, folder, String(points)], limits);
  rmSync(folder, { recursive: true, force: true });
  const setups = [];
  for (let i = 0; i < ROUNDS; i++) setups.push(await timed(() => setUpModel()));
  const setupSeconds = round(median(setups.map((setup) => setup.ms)) / 1000, 2);
  const { verifier } = await setUpModel();
  const proving = await measureProving();
  const gas = await publicClient().estimateContractGas({
    address: verifier,
    abi: proofVerifierAbi,
    functionName: "verify",
    args: [proving.last.proof, proving.last.publicInputs],
  });
  const metrics = readMetrics("event-scorer");
  const loss = round(metrics.accuracyFloat - metrics.accuracyQuantised, 2);
  const proveSeconds = round(median(proving.proveMs) / 1000, 2);
  const bounded = (value: number, limit: number) => ({ bound: `<= ${limit}`, ok: value <= limit });
  const weightCount = 16 * 16 + 16;
  return [
    { name: "gates", value: artifact.gates, unit: "gates", ...bounded(artifact.gates, 5600), note: "any change shows" },
    {
      name: "gates a weight",
      value: round(artifact.gates / weightCount, 1),
      unit: "gates",
      note: `${weightCount} weights`,
    },
    { name: "compile", value: round(compiled.ms / 1000, 1), unit: "s", note: "WebAssembly, once for an architecture" },
    { name: "reference string", value: round(srs.durationMs / 1000, 1), unit: "s", note: `${points} points, once` },
    { name: "set-up when all is there", value: setupSeconds, unit: "s", ...bounded(setupSeconds, 2) },
    { name: "solve", value: Math.round(median(proving.solveMs)), unit: "ms", note: spread(proving.solveMs, 0) },
    {
      name: "prove",
      value: proveSeconds,
      unit: "s",
      ...bounded(proveSeconds, 5),
      note: `native, ${spread(proving.proveMs, 0)} ms`,
    },
    { name: "prover memory", value: Math.round(proving.memoryMb), unit: "MiB", ...bounded(proving.memoryMb, 256) },
    { name: "proof", value: (proving.last.proof.length - 2) / 2, unit: "bytes" },
    {
      name: "verify",
      value: Number(gas),
      unit: "gas",
      ...bounded(Number(gas), 1_000_000),
      note: "with calldata, one call",
    },
    { name: "accuracy, float", value: metrics.accuracyFloat, unit: "percent" },
    { name: "accuracy lost by quantising", value: loss, unit: "points", ...bounded(loss, 0.1) },
  ];
}
