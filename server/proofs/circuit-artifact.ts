import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CompiledCircuit } from "@noir-lang/noir_js";
import { z } from "zod";

export const CIRCUITS_FOLDER = resolve(import.meta.dirname, "..", "..", "circuits");
export const EVENT_SCORER_CIRCUIT = "event_scorer";

/** A compiled circuit as committed: compiling takes seconds, so it happens once for an architecture. */
const artifactSchema = z.object({
  name: z.string(),
  /** SHA-256 over all Noir sources the circuit is made of; a test compares it with the files. */
  sourceHash: z.string(),
  noirVersion: z.string(),
  gates: z.number().int().positive(),
  abi: z.custom<CompiledCircuit["abi"]>((value) => typeof value === "object" && value !== null),
  bytecode: z.string(),
});

export type CircuitArtifact = z.infer<typeof artifactSchema> & {
  /** Where it lies, when it is not one of the committed. */
  path?: string;
};

const committedPath = (name: string): string => join(CIRCUITS_FOLDER, "artifacts", `${name}.json`);

export const artifactPath = ({ name, path }: Pick<CircuitArtifact, "name" | "path">): string =>
  path ?? committedPath(name);

const loaded = new Map<string, CircuitArtifact>();

export function loadCircuit(name: string): CircuitArtifact {
  const known = loaded.get(name);
  if (known) return known;
  const artifact = artifactSchema.parse(JSON.parse(readFileSync(committedPath(name), "utf8")));
  loaded.set(name, artifact);
  return artifact;
}

/** Points of the reference string that a circuit needs: one more than its gates, rounded up to a power of two. */
export const srsPointsFor = (gates: number): number => 2 ** Math.ceil(Math.log2(gates + 64)) + 1;
