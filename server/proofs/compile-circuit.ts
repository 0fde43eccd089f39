import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compile_program, createFileManager } from "@noir-lang/noir_wasm";
import { CIRCUITS_FOLDER, type CircuitArtifact, EVENT_SCORER_CIRCUIT } from "./circuit-artifact.ts";

/** `gadget_probe` exposes the gadgets' hints to tests, so that they can play a dishonest prover. */
export const CIRCUIT_NAMES = [EVENT_SCORER_CIRCUIT, "gadget_probe"] as const;
export type CircuitName = (typeof CIRCUIT_NAMES)[number];

/** SHA-256 over the sources of a circuit and of the shared gadgets. */
export function hashCircuitSources(name: CircuitName): string {
  const hash = createHash("sha256");
  for (const folder of ["zk_gadgets", name]) {
    for (const file of readdirSync(join(CIRCUITS_FOLDER, folder), { recursive: true, encoding: "utf8" }).sort()) {
      if (!/\.(nr|toml)$/.test(file)) continue;
      hash
        .update(`${folder}/${file}\0`)
        .update(readFileSync(join(CIRCUITS_FOLDER, folder, file)))
        .update("\0");
    }
  }
  return hash.digest("hex");
}

/** Compiles a circuit with the pinned Noir compiler (WebAssembly). */
export async function compileCircuit(name: CircuitName): Promise<Omit<CircuitArtifact, "gates">> {
  const quiet = () => undefined;
  const manager = createFileManager(CIRCUITS_FOLDER);
  const { program } = await compile_program(manager, join(CIRCUITS_FOLDER, name), quiet, quiet);
  return {
    name,
    sourceHash: hashCircuitSources(name),
    noirVersion: program.noir_version,
    abi: program.abi,
    bytecode: program.bytecode,
  };
}
