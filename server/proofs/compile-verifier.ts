/** Compiles one Solidity file: `node server/proofs/compile-verifier.ts SOURCE TARGET`; solc-js blocks, so it runs apart. */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc") as { compile(input: string): string };
type Output = {
  errors?: { severity: string; formattedMessage: string }[];
  contracts?: Record<
    string,
    Record<string, { evm: { bytecode: { object: string }; deployedBytecode: { object: string } } }>
  >;
};

const [source, target] = process.argv.slice(2);
if (!source || !target) throw new Error("Name the source and the target.");
const output: Output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: { "Verifier.sol": { content: readFileSync(source, "utf8") } },
      settings: {
        optimizer: { enabled: true, runs: 200 },
        outputSelection: { "*": { HonkVerifier: ["evm.bytecode.object", "evm.deployedBytecode.object"] } },
      },
    }),
  ),
);
const evm = output.contracts?.["Verifier.sol"]?.HonkVerifier?.evm;
if (!evm) throw new Error(output.errors?.map((error) => error.formattedMessage).join("\n") ?? "solc gave no contract.");
const compiled = { bytecode: `0x${evm.bytecode.object}`, deployedBytecode: `0x${evm.deployedBytecode.object}` };
writeFileSync(target, JSON.stringify(compiled));
