/** Compiles one Solidity file: `node server/proofs/compile-verifier.ts SOURCE TARGET`; solc-js blocks, so it runs apart. */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { CompiledVerifier } from "./build-verifier.ts";

const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
type Bytecode = { object: string; linkReferences: Record<string, Record<string, { start: number }[]>> };
type Output = {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<string, Record<string, { evm: { bytecode: Bytecode } }>>;
};

const FILE = "Verifier.sol";
const ADDRESS_DIGITS = 40;

const [source, target] = process.argv.slice(2);
if (!source || !target) throw new Error("Name the source and the target.");
const output: Output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: { [FILE]: { content: readFileSync(source, "utf8") } },
      settings: {
        optimizer: { enabled: true, runs: 1_000_000 },
        outputSelection: { "*": { "*": ["evm.bytecode.object", "evm.bytecode.linkReferences"] } },
      },
    }),
  ),
);
const bytecodeOf = (name: string): Bytecode => {
  const bytecode = output.contracts?.[FILE]?.[name]?.evm.bytecode;
  if (bytecode) return bytecode;
  throw new Error(output.errors?.map((error) => error.formattedMessage).join("\n") ?? `solc gave no ${name}.`);
};
const verifier = bytecodeOf("HonkVerifier");
const libraries = Object.entries(verifier.linkReferences[FILE] ?? {}).map(([name, [first]]) => {
  if (!first) throw new Error(`${name} is linked nowhere.`);
  const placeholder = verifier.object.slice(2 * first.start, 2 * first.start + ADDRESS_DIGITS);
  return { placeholder, bytecode: `0x${bytecodeOf(name).object}` as const };
});
const compiled: CompiledVerifier = { bytecode: `0x${verifier.object}`, libraries };
writeFileSync(target, JSON.stringify(compiled));
