import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { NetworkStatement } from "#core/zk/circuit/network-circuit.ts";
import { runInteger } from "#core/zk/run-integer.ts";
import { ensureCircuitKeys } from "./build-verifier.ts";
import { ensureNetworkArtifact, type NetworkArtifact } from "./network-artifact.ts";
import { type CircuitProof, proveWitness } from "./prove-circuit.ts";
import { type Solved, solveStatement } from "./solve-statement.ts";

/** Up to so many gates a witness takes less time than a thread needs to begin. */
const SOLVED_HERE_GATES = 130_000;

/** The witness of a statement, compressed, and its public inputs. It holds every private value. */
export function solveNetwork(statement: NetworkStatement, { rangeStyle, gates }: NetworkArtifact): Promise<Solved> {
  if (gates <= SOLVED_HERE_GATES) return Promise.resolve(solveStatement(statement, rangeStyle));
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(import.meta.dirname, "solve-network.ts"), { workerData: { statement, rangeStyle } });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`The witness was not worked out (${code}).`)));
  });
}

/**
 * Proves what a network says of one or more inputs.
 *
 * Throws ZK_OUT_OF_RANGE, with the layer's name, before anything is proved when an input leaves the range that the
 * network was calibrated for.
 */
export async function proveNetwork(
  statement: NetworkStatement,
  onStart?: (processId: number) => void,
): Promise<CircuitProof> {
  for (const input of statement.inputs) runInteger(statement.network, input);
  const artifact = await ensureNetworkArtifact(statement.network.architecture, statement.inputs.length);
  const keys = await ensureCircuitKeys(artifact);
  const { witness, publicInputs } = await solveNetwork(statement, artifact);
  const proof = await proveWitness(artifact, keys, witness, onStart);
  if (proof.publicInputs.some((word, i) => BigInt(word) !== publicInputs[i]))
    throw new Error("The proof says something else than the witness.");
  return proof;
}
