import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { RangeStyle } from "#core/zk/circuit/builder.ts";
import { hashArchitecture } from "#core/zk/commitment.ts";
import type { Architecture } from "#core/zk/network.ts";
import { runBarretenberg } from "./barretenberg.ts";
import type { CircuitArtifact } from "./circuit-artifact.ts";
import { zkFolder } from "./local-srs.ts";
import { runProgram } from "./run-program.ts";

const BUILD_LIMITS = { timeoutMs: 300_000, memoryMb: 65_536 };
/** What is written into the name of everything that depends on how circuits are written down. */
const CIRCUIT_FORMAT = 1;
/** Beyond so many gates the table of native range checks is a small part, and splitting by hand only costs. */
const SPLIT_GATES_MAX = 120_000;

export type NetworkArtifact = CircuitArtifact & { path: string; rangeStyle: RangeStyle };

const gateReport = z.object({ functions: z.array(z.object({ circuit_size: z.int().positive() })).length(1) });

async function countGates(path: string): Promise<number> {
  const { stdout } = await runBarretenberg("gates", ["-b", path]);
  const [report] = gateReport.parse(JSON.parse(stdout.slice(stdout.indexOf("{")))).functions;
  return report?.circuit_size ?? 0;
}

type Built = { path: string; style: RangeStyle; gates: number };

async function build(folder: string, batch: number, style: RangeStyle): Promise<Built> {
  const path = join(folder, `${style}.json`);
  const script = join(import.meta.dirname, "build-network-circuit.ts");
  const args = [script, join(folder, "architecture.json"), String(batch), style, path];
  await runProgram(process.execPath, args, BUILD_LIMITS);
  return { path, style, gates: await countGates(path) };
}

/**
 * The circuit of an architecture for so many inputs in one proof, made once: nothing of it depends on weights. Of the two
 * ways to check ranges the one with fewer gates is kept.
 */
export async function ensureNetworkArtifact(architecture: Architecture, batch = 1): Promise<NetworkArtifact> {
  const name = `network-${hashArchitecture(architecture).toString(16).padStart(64, "0").slice(0, 24)}-${batch}-v${CIRCUIT_FORMAT}`;
  const folder = join(zkFolder(), "circuits", name);
  if (!existsSync(folder)) await make(folder, architecture, batch);
  const { bytecode, abi } = JSON.parse(readFileSync(join(folder, "circuit.json"), "utf8"));
  const { gates, style } = JSON.parse(readFileSync(join(folder, "size.json"), "utf8"));
  return {
    name,
    sourceHash: name,
    noirVersion: "none",
    gates,
    abi,
    bytecode,
    path: join(folder, "circuit.json"),
    rangeStyle: style,
  };
}

async function make(folder: string, architecture: Architecture, batch: number): Promise<void> {
  const partial = `${folder}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, "architecture.json"), JSON.stringify(architecture));
  const native = await build(partial, batch, "native");
  const split = native.gates > SPLIT_GATES_MAX ? native : await build(partial, batch, "split");
  const { path, style, gates } = split.gates < native.gates ? split : native;
  renameSync(path, join(partial, "circuit.json"));
  for (const other of ["native", "split"]) rmSync(join(partial, `${other}.json`), { force: true });
  writeFileSync(join(partial, "size.json"), JSON.stringify({ gates, style }));
  // The folder appears whole or not at all, whoever makes it first.
  if (!existsSync(folder)) renameSync(partial, folder);
  rmSync(partial, { recursive: true, force: true });
}
