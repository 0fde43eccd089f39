/**
 * Writes a structured reference string for a development chain: `node server/proofs/generate-srs.ts FOLDER POINTS`.
 *
 * Whoever knows tau can forge proofs. It exists only in the memory of this process, which ends right after, and
 * such a string never serves a public chain; those use the public Ignition ceremony.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildBn128 } from "ffjavascript";
import { FIELD_ORDER } from "#core/zk/poseidon2.ts";

const POINT_BYTES = 64;

function toWords(bytes: Uint8Array): string[] {
  const hex = Buffer.from(bytes).toString("hex");
  return [0, 1, 2, 3].map((i) => `0x${hex.slice(64 * i, 64 * (i + 1))}`);
}

async function generateSrs(folder: string, points: number): Promise<void> {
  const curve = await buildBn128();
  const tau = curve.Fr.e(BigInt(`0x${randomBytes(48).toString("hex")}`) % FIELD_ORDER);
  const generator = curve.G1.toAffine(curve.G1.g);
  const start = new Uint8Array(points * POINT_BYTES);
  for (let i = 0; i < points; i++) start.set(generator, i * POINT_BYTES);
  const powers = await curve.G1.batchApplyKey(start, curve.Fr.one, tau, "affine", "affine");
  const g1 = await curve.G1.batchLEMtoU(powers);
  const g2 = new Uint8Array(2 * POINT_BYTES);
  curve.G2.toRprUncompressed(g2, 0, curve.G2.toAffine(curve.G2.timesFr(curve.G2.g, tau)));
  tau.fill(0);
  await curve.terminate();

  const partial = `${folder}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, "bn254_g1.dat"), g1);
  writeFileSync(join(partial, "bn254_g2.dat"), g2);
  writeFileSync(join(partial, "srs.json"), `${JSON.stringify({ points, tauG2: toWords(g2) }, null, 2)}\n`);
  // The folder appears whole or not at all, also when this process is killed half-way.
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
}

const [folder, points] = process.argv.slice(2);
if (!folder || !Number.isInteger(Number(points))) throw new Error("Name a folder and a number of points.");
await generateSrs(folder, Number(points));
