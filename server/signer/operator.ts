import { type Address, type Hex, serializeTransaction } from "viem";
import { decodeFunctionData, isAddressEqual, keccak256, size, slice, toFunctionSelector } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { entryPointAbi } from "#core/generated/abis.ts";
import type { OperatorTransaction, SignerInput, SignerOutput } from "#core/schemas/signer.ts";
import { type Deployment, loadDeployment } from "#server/chain/deployments.ts";
import type { KeyRing } from "./key-ring.ts";
import { type Connection, inTransaction, type WalletRow } from "./store.ts";
import { addressOf, getOnlyWallet, signHash, withSecret } from "./wallets.ts";

/** Everything the operator ever calls. What is not here is not signed, whoever asks. */
const OPERATOR_FUNCTIONS = {
  Vault: [
    "withdraw(bytes32,bytes32,address,uint256)",
    "queueWithdrawal(bytes32,bytes32,address,uint256)",
    "anchorRoot(uint64,bytes32,uint128,uint64,bytes32)",
    "pause()",
  ],
  RewardsDistributor: ["publishRoot(uint64,bytes32,uint256)", "claim(address,uint256,bytes32[])", "pause()"],
  InferenceRegistry: [
    "recordInference((bytes32,uint16,uint256,uint256,(address,address)[],bytes32,uint256[]),bytes)",
    "recordBatch((bytes32,uint16,uint256,uint256,(address,address)[],bytes32,uint256[]),bytes)",
    "registerModel((address,bytes32,uint16,bool,string),(bytes32,uint16,uint16))",
  ],
  // The payer signed each: whom it pays and how much stands in the signature.
  TestUSD: ["transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)"],
  AgentAccountFactory: ["createAccount(bytes,bytes32)"],
  ComputeEscrow: [
    "settle((bytes32,uint128,bytes32,bytes)[])",
    "close(bytes32)",
    "openDispute(bytes32,address,address,uint128,bytes32)",
    "dismissDispute(bytes32)",
    "settleDispute(bytes32)",
    "pause()",
  ],
} as const satisfies Record<string, readonly string[]>;

const PAUSE_SELECTOR = toFunctionSelector("pause()");
/** EIP-7825: no transaction may ask for more gas than this. */
const GAS_MAX = 16_777_216n;
const FEE_PER_GAS_MAX = 500_000_000_000n;
const BUNDLE_MAX = 16;

const refuse = (message: string) => new DomainError("SIGNER_REFUSED", { message });

function checkHandleOps(data: Hex, operator: Address): void {
  let decoded: ReturnType<typeof decodeFunctionData<typeof entryPointAbi>>;
  try {
    decoded = decodeFunctionData({ abi: entryPointAbi, data });
  } catch (cause) {
    throw new DomainError("CALLDATA_INVALID", {}, { cause });
  }
  if (decoded.functionName !== "handleOps") throw refuse("The operator calls only handleOps on the entry point.");
  const [operations, beneficiary] = decoded.args;
  if (operations.length === 0 || operations.length > BUNDLE_MAX)
    throw refuse(`A bundle has 1 to ${BUNDLE_MAX} operations.`);
  if (!isAddressEqual(beneficiary, operator)) throw refuse("The fees of a bundle come back to the operator.");
}

async function checkTarget(
  transaction: OperatorTransaction,
  deployment: Deployment,
  operator: Address,
  isAgentAccount: (address: Address) => Promise<boolean>,
): Promise<void> {
  const selector = size(transaction.data) >= 4 ? slice(transaction.data, 0, 4) : "0x";
  if (isAddressEqual(transaction.to, deployment.contracts.EntryPoint))
    return checkHandleOps(transaction.data, operator);
  for (const [name, functions] of Object.entries(OPERATOR_FUNCTIONS)) {
    const address = deployment.contracts[name];
    if (!address || !isAddressEqual(transaction.to, address)) continue;
    if (functions.some((signature) => toFunctionSelector(signature) === selector)) return;
    throw refuse(`The operator does not call ${selector} on ${name}.`);
  }
  if (selector === PAUSE_SELECTOR && size(transaction.data) === 4 && (await isAgentAccount(transaction.to))) return;
  throw refuse(`The operator does not call ${transaction.to}.`);
}

/** Throws the reason when the operator does not make such transactions; returns its wallet when it does. */
async function judge(keys: KeyRing, connection: Connection, transaction: OperatorTransaction): Promise<WalletRow> {
  const deployment = loadDeployment();
  if (transaction.chainId !== deployment.chainId) throw refuse("The contracts are deployed on another chain.");
  if (transaction.value !== 0n) throw refuse("The operator sends no native currency.");
  if (transaction.gas > GAS_MAX || transaction.maxFeePerGas > FEE_PER_GAS_MAX) {
    throw refuse("The gas or its price is too high.");
  }
  const wallet = await getOnlyWallet(keys, connection, "operator");
  await checkTarget(transaction, deployment, addressOf(wallet), (address) => isAgentAccount(connection, address));
  return wallet;
}

async function isAgentAccount(connection: Connection, address: Address): Promise<boolean> {
  const found = await connection.query(
    "SELECT 1 FROM signer_wallet WHERE purpose = 'agent' AND lower(grant_text::json->>'account') = lower($1) LIMIT 1",
    [address],
  );
  return found.rowCount === 1;
}

export async function evaluateOperatorTransaction(
  keys: KeyRing,
  input: SignerInput<"evaluateOperatorTransaction">,
): Promise<SignerOutput<"evaluateOperatorTransaction">> {
  await inTransaction((connection) => judge(keys, connection, input.transaction));
  return { allowed: true };
}

/** Signs a transaction of the platform, when it is one that the platform makes. */
export async function signOperatorTransaction(
  keys: KeyRing,
  input: SignerInput<"signOperatorTransaction">,
): Promise<SignerOutput<"signOperatorTransaction">> {
  const { transaction } = input;
  return inTransaction(async (connection) => {
    const wallet = await judge(keys, connection, transaction);
    const unsigned = { type: "eip1559", ...transaction } as const;
    const hash = keccak256(serializeTransaction(unsigned));
    const signature = await withSecret(keys, wallet, (secret) => signHash(secret, hash));
    const raw = serializeTransaction(unsigned, signature);
    return { hash: keccak256(raw), raw };
  });
}
