import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DomainError } from "#core/errors.ts";
import { type ProgramLimits, type ProgramResult, runProgram } from "./run-program.ts";

const BARRETENBERG_LIMITS: ProgramLimits = { timeoutMs: 120_000, memoryMb: 4_096 };

/** The native prover that @aztec/bb.js ships for Linux and macOS. */
export function barretenbergPath(): string {
  const packageFolder = dirname(dirname(createRequire(import.meta.url).resolve("@aztec/bb.js")));
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const os = process.platform === "darwin" ? "macos" : process.platform;
  for (let folder = packageFolder; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, "build", `${arch}-${os}`, "bb");
    if (existsSync(path)) return path;
  }
  throw new DomainError("PROVER_UNAVAILABLE", { platform: `${arch}-${os}` });
}

/** Runs one subcommand of bb for proofs that the EVM verifies: keccak transcript, zero-knowledge. */
export function runBarretenberg(
  command: "gates" | "write_vk" | "write_solidity_verifier" | "prove",
  args: string[],
  onStart?: (processId: number) => void,
): Promise<ProgramResult> {
  return runProgram(barretenbergPath(), [command, "-t", "evm", ...args], BARRETENBERG_LIMITS, onStart);
}
