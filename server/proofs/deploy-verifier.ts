import {
  type Address,
  concat,
  createWalletClient,
  getContractAddress,
  type Hex,
  http,
  type PublicActions,
  publicActions,
  type WalletClient,
  zeroHash,
} from "viem";
import { env } from "#server/env.ts";
import type { CompiledVerifier } from "./build-verifier.ts";

/** Deploys what it is sent at an address that follows from the code alone; on every chain of anvil's, and most others. */
const DETERMINISTIC_DEPLOYER: Address = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
/** Below the 2^24 that one transaction may use since Osaka. */
const DEPLOY_GAS = 8_000_000n;

export type DevelopmentChain = WalletClient & PublicActions;

/** The development chain with its unlocked accounts. */
export const connectToDevelopmentChain = (): DevelopmentChain =>
  createWalletClient({ transport: http(env.CHAIN_RPC_URL), pollingInterval: 50 }).extend(publicActions);

const addressOf = (bytecode: Hex): Address =>
  getContractAddress({ opcode: "CREATE2", from: DETERMINISTIC_DEPLOYER, salt: zeroHash, bytecode });

/** What is to be deployed, libraries first and the verifier last. */
export function planVerifier(compiled: CompiledVerifier): { address: Address; bytecode: Hex }[] {
  const libraries = compiled.libraries.map(({ bytecode }) => ({ address: addressOf(bytecode), bytecode }));
  const bytecode = compiled.libraries.reduce(
    (code, { placeholder, bytecode }) =>
      code.replaceAll(placeholder, addressOf(bytecode).slice(2).toLowerCase()) as Hex,
    compiled.bytecode,
  );
  return [...libraries, { address: addressOf(bytecode), bytecode }];
}

/** The verifier's address, after deploying what is missing of it. An address stands for its code, so that one look suffices. */
export async function ensureVerifier(
  chain: DevelopmentChain,
  account: Address,
  compiled: CompiledVerifier,
): Promise<Address> {
  const plan = planVerifier(compiled);
  for (const { address, bytecode } of plan) {
    if (await chain.getCode({ address })) continue;
    const data = concat([zeroHash, bytecode]);
    const hash = await chain.sendTransaction({
      account,
      chain: null,
      to: DETERMINISTIC_DEPLOYER,
      data,
      gas: DEPLOY_GAS,
    });
    await chain.waitForTransactionReceipt({ hash });
    if (!(await chain.getCode({ address }))) throw new Error(`There is no code at ${address} after its deployment.`);
  }
  const verifier = plan.at(-1);
  if (!verifier) throw new Error("There is nothing to deploy.");
  return verifier.address;
}
