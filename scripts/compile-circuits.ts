/** Compiles the Noir circuits into circuits/artifacts; run it after a change to a `.nr` file: `node scripts/compile-circuits.ts`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBarretenberg } from "#server/proofs/barretenberg.ts";
import { artifactPath, CIRCUITS_FOLDER } from "#server/proofs/circuit-artifact.ts";
import { CIRCUIT_NAMES, compileCircuit } from "#server/proofs/compile-circuit.ts";

mkdirSync(join(CIRCUITS_FOLDER, "artifacts"), { recursive: true });
for (const name of CIRCUIT_NAMES) {
  const startedAt = performance.now();
  const compiled = await compileCircuit(name);
  const compileMs = Math.round(performance.now() - startedAt);
  const folder = mkdtempSync(join(tmpdir(), "circuit-"));
  const path = join(folder, "circuit.json");
  writeFileSync(path, JSON.stringify(compiled));
  const gates = JSON.parse((await runBarretenberg("gates", ["-b", path])).stdout).functions[0].circuit_size;
  rmSync(folder, { recursive: true });
  writeFileSync(artifactPath({ name }), `${JSON.stringify({ ...compiled, gates })}\n`);
  console.log(`${name}: ${gates} gates, compiled in ${compileMs} ms`);
}
