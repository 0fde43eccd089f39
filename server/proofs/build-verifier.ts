import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hex } from "viem";
import type { VerifierKind } from "#core/schemas/proof.ts";
import { runBarretenberg } from "./barretenberg.ts";
import { artifactPath, type CircuitArtifact, srsPointsFor } from "./circuit-artifact.ts";
import { ensureLocalSrs, type LocalSrs, zkFolder } from "./local-srs.ts";
import { runProgram } from "./run-program.ts";

/** The chain of a development network, the only one that may see a verifier of a local reference string. */
export const DEVELOPMENT_CHAIN_ID = 31337;

/** [x]_2 of the public Ignition string, as bb writes it into every verifier. */
const IGNITION_TAU_G2 = [
  "0x260e01b251f6f1c7e7ff4e580791dee8ea51d87a358e038b4efe30fac09383c1",
  "0x0118c4d5b837bcc2bc89b5b398b5974e9f5944073b32078b7e231fec938883b0",
  "0x04fc6369f7110fe3d25156c1bb9a72859cf2a04641f99ba4ee413c80da6a5fe4",
  "0x22febda3c0c0632a56475b4214e5615e11e6dd3f96e6cea2854a87d4dacc5e55",
];

export type CircuitKeys = { folder: string; srs: LocalSrs; vkPath: string };
/** Creation code, in which the address of each library goes where its placeholder of 40 characters stands. */
export type CompiledVerifier = { bytecode: Hex; libraries: { placeholder: string; bytecode: Hex }[] };

const circuitHash = (artifact: CircuitArtifact) =>
  createHash("sha256").update(artifact.bytecode).digest("hex").slice(0, 16);

/** The verification key of a circuit under this installation's reference string, made once. */
export async function ensureCircuitKeys(artifact: CircuitArtifact): Promise<CircuitKeys> {
  const srs = await ensureLocalSrs(srsPointsFor(artifact.gates));
  const folder = join(zkFolder(), `${artifact.name}-${circuitHash(artifact)}-${srs.id}`);
  const vkPath = join(folder, "vk");
  if (!existsSync(vkPath)) {
    const partial = `${folder}.partial-${process.pid}`;
    mkdirSync(partial, { recursive: true });
    await runBarretenberg("write_vk", ["-b", artifactPath(artifact), "-o", partial, "-c", srs.folder]);
    if (!existsSync(folder)) renameSync(partial, folder);
  }
  return { folder, srs, vkPath };
}

/** Puts the local [x]_2 where bb wrote Ignition's. Anything but exactly one place for each word is refused. */
export function patchTauG2(source: string, tauG2: readonly string[]): string {
  return IGNITION_TAU_G2.reduce((text, word, i) => {
    const parts = text.split(word);
    const replacement = tauG2[i];
    if (parts.length !== 2 || !replacement)
      throw new Error("The verifier is not of the form this version of bb writes.");
    return parts.join(replacement);
  }, source);
}

/** The verifier contract of a circuit for the development chain, compiled once: the one of bb that the kind names. */
export async function ensureCompiledVerifier(keys: CircuitKeys, kind: VerifierKind): Promise<CompiledVerifier> {
  const compiledPath = join(keys.folder, `verifier-${kind}.json`);
  if (!existsSync(compiledPath)) {
    const ignitionPath = join(keys.folder, `Ignition-${kind}.sol`);
    const sourcePath = join(keys.folder, `Verifier-${kind}.sol`);
    const flags = kind === "optimized" ? ["--optimized"] : [];
    await runBarretenberg("write_solidity_verifier", ["-k", keys.vkPath, "-o", ignitionPath, ...flags]);
    writeFileSync(sourcePath, patchTauG2(readFileSync(ignitionPath, "utf8"), keys.srs.tauG2));
    const partial = `${compiledPath}.partial-${process.pid}`;
    const script = join(import.meta.dirname, "compile-verifier.ts");
    const limits = { timeoutMs: 120_000, memoryMb: 65_536 };
    await runProgram(process.execPath, [script, sourcePath, partial], limits);
    renameSync(partial, compiledPath);
  }
  return JSON.parse(readFileSync(compiledPath, "utf8")) as CompiledVerifier;
}
