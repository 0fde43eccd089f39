import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { env } from "#server/env.ts";
import { runProgram } from "./run-program.ts";

export const zkFolder = (): string => join(env.CONVERGE_HOME, "zk");

const word = z.string().regex(/^0x[0-9a-f]{64}$/);
const srsSchema = z.object({ points: z.number().int().positive(), tauG2: z.array(word).length(4) });

/** This installation's reference string: where it lies, and the word by which its verifiers know it. */
export type LocalSrs = { folder: string; id: string; points: number; tauG2: string[] };

function readSrs(folder: string): LocalSrs | null {
  const file = join(folder, "srs.json");
  if (!existsSync(file)) return null;
  const { points, tauG2 } = srsSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const id = createHash("sha256").update(tauG2.join("")).digest("hex").slice(0, 16);
  return { folder, id, points, tauG2 };
}

/**
 * The reference string of this installation, made on first use.
 *
 * When a larger circuit comes, a new and larger string replaces it: keys and verifiers are stored by its id, so the
 * old ones stay valid on the chain and new ones are made beside them.
 */
export async function ensureLocalSrs(points: number): Promise<LocalSrs> {
  const folder = join(zkFolder(), "srs");
  const existing = readSrs(folder);
  if (existing && existing.points >= points) return existing;
  const script = join(import.meta.dirname, "generate-srs.ts");
  await runProgram(process.execPath, [script, folder, String(points)], { timeoutMs: 300_000, memoryMb: 65_536 });
  const made = readSrs(folder);
  if (!made) throw new Error("The reference string was not written.");
  return made;
}
