import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type InputMap, Noir } from "@noir-lang/noir_js";
import { bytesToHex, type Hex } from "viem";
import { runBarretenberg } from "./barretenberg.ts";
import type { CircuitKeys } from "./build-verifier.ts";
import { artifactPath, type CircuitArtifact } from "./circuit-artifact.ts";
import { zkFolder } from "./local-srs.ts";

export type CircuitProof = { proof: Hex; publicInputs: Hex[]; proveMs: number };

const WORD_BYTES = 32;

/** Solves the circuit: fails when the inputs do not satisfy it. The answer holds every private value. */
export async function solveWitness(artifact: CircuitArtifact, input: InputMap): Promise<Uint8Array> {
  const noir = new Noir({ bytecode: artifact.bytecode, abi: artifact.abi, debug_symbols: "", file_map: {} });
  const { witness } = await noir.execute(input);
  return witness;
}

/** Proves a solved witness. The witness touches the disk only in a folder that only this user reads, until bb has read it. */
export async function proveWitness(
  artifact: CircuitArtifact,
  keys: CircuitKeys,
  witness: Uint8Array,
  onStart?: (processId: number) => void,
): Promise<CircuitProof> {
  const root = join(zkFolder(), "tmp");
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(join(root, "prove-"));
  try {
    const witnessPath = join(folder, "witness.gz");
    writeFileSync(witnessPath, witness, { mode: 0o600 });
    const args = ["-b", artifactPath(artifact), "-w", witnessPath, "-k", keys.vkPath];
    const result = await runBarretenberg("prove", [...args, "-o", folder, "-c", keys.srs.folder], onStart);
    const words = readFileSync(join(folder, "public_inputs"));
    const publicInputs: Hex[] = [];
    for (let i = 0; i < words.length; i += WORD_BYTES) publicInputs.push(bytesToHex(words.subarray(i, i + WORD_BYTES)));
    const proof = bytesToHex(readFileSync(join(folder, "proof")));
    return { proof, publicInputs, proveMs: Math.round(result.durationMs) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
