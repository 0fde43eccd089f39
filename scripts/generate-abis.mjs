// Writes core/generated/abis.ts from the contracts that forge compiled: npm run contracts:generate.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "contracts", "out");
const outFile = join(root, "core", "generated", "abis.ts");

const packaged = (path) => createRequire(import.meta.url).resolve(path);

/** The exported constant of each contract, and where its compiled form lies. */
const SOURCES = {
  vaultAbi: join(out, "Vault.sol", "Vault.json"),
  testUsdAbi: join(out, "TestUSD.sol", "TestUSD.json"),
  agentAccountAbi: join(out, "AgentAccount.sol", "AgentAccount.json"),
  policyStoreAbi: join(out, "PolicyStore.sol", "PolicyStore.json"),
  agentAccountFactoryAbi: join(out, "AgentAccountFactory.sol", "AgentAccountFactory.json"),
  inferenceRegistryAbi: join(out, "InferenceRegistry.sol", "InferenceRegistry.json"),
  proofVerifierAbi: join(out, "IProofVerifier.sol", "IProofVerifier.json"),
  rewardsDistributorAbi: join(out, "RewardsDistributor.sol", "RewardsDistributor.json"),
  computeEscrowAbi: join(out, "ComputeEscrow.sol", "ComputeEscrow.json"),
  gasSponsorAbi: join(out, "GasSponsor.sol", "GasSponsor.json"),
  webAuthnVerifierAbi: join(out, "ERC7913WebAuthnVerifier.sol", "ERC7913WebAuthnVerifier.json"),
  entryPointAbi: packaged("@account-abstraction/contracts/artifacts/EntryPoint.json"),
  priceFeedAbi: join(out, "IPriceFeed.sol", "IPriceFeed.json"),
  developmentPriceFeedAbi: join(out, "PriceFeed.sol", "PriceFeed.json"),
  uniswapV2FactoryAbi: packaged("@uniswap/v2-core/build/IUniswapV2Factory.json"),
  uniswapV2PairAbi: packaged("@uniswap/v2-core/build/IUniswapV2Pair.json"),
  uniswapV2RouterAbi: packaged("@uniswap/v2-periphery/build/IUniswapV2Router02.json"),
  weth9Abi: packaged("@uniswap/v2-periphery/build/IWETH.json"),
};

/** The compiler repeats each type's source name for debuggers; viem reads only the ABI proper. */
function withoutInternalTypes(value) {
  if (Array.isArray(value)) return value.map(withoutInternalTypes);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([key]) => key !== "internalType");
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutInternalTypes(entry)]));
}

function signatureOf({ name, inputs }) {
  const typeOf = ({ type, components }) =>
    type.startsWith("tuple") ? `(${components.map(typeOf).join(",")})${type.slice(5)}` : type;
  return `${name}(${inputs.map(typeOf).join(",")})`;
}

/** One entry a line, so that a change of a contract reads as such in a diff. */
function constantOf(name, abi) {
  return `export const ${name} = [\n${abi.map((entry) => `  ${JSON.stringify(entry)},\n`).join("")}] as const;\n`;
}

const errors = new Map();
const parts = ["// Generated from contracts/ by `npm run contracts:generate`. Do not edit.\n"];
for (const [name, file] of Object.entries(SOURCES)) {
  const abi = withoutInternalTypes(JSON.parse(readFileSync(file, "utf8")).abi);
  for (const entry of abi) if (entry.type === "error") errors.set(signatureOf(entry), entry);
  parts.push(constantOf(name, abi));
}
const sorted = [...errors.keys()].sort().map((signature) => errors.get(signature));
parts.push(
  "/** Every custom error above once: a call through an account can fail with the error of any contract it reaches. */",
  constantOf("contractErrorsAbi", sorted),
);
writeFileSync(outFile, parts.join("\n"));
process.stdout.write(`${outFile}: ${Object.keys(SOURCES).length} contracts, ${errors.size} errors\n`);
