import type { Address, Hex } from "viem";
import { concatHex, isAddressEqual, size, slice, toHex } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { evaluatePolicy, type Spent } from "#core/policy/evaluate-policy.ts";
import { decodeExecution } from "#core/policy/execution.ts";
import type { SignerInput, SignerOutput, UnsignedUserOperation } from "#core/schemas/signer.ts";
import { agentSignature, ENTRY_POINT_ADDRESS, hashUserOperation, unpackPair } from "#core/user-operation.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { lockAgent } from "./agent-wallets.ts";
import type { Grant } from "./grant.ts";
import { assertNotHalted } from "./halts.ts";
import type { KeyRing } from "./key-ring.ts";
import { type Connection, inTransaction, recordSpend, sumSpends, type WalletRow } from "./store.ts";
import { signHash, withSecret } from "./wallets.ts";

const GAS_MAX = 8_000_000n;
const FEE_PER_GAS_MAX = 500_000_000_000n;

/** As it goes over the socket. */
const amountsOf = (spent: Spent) => [...spent].map(([token, amount]) => ({ token, amount }));

const refuse = (message: string) => new DomainError("SIGNER_REFUSED", { message });

/** Everything about an operation that is not the agent's calls: who, where, on whose fees. */
function checkEnvelope(
  operation: UnsignedUserOperation,
  input: { chainId: number; entryPoint: Address },
  grant: Grant,
): void {
  if (input.chainId !== grant.chainId) throw refuse("This agent lives on another chain.");
  if (!isAddressEqual(input.entryPoint, ENTRY_POINT_ADDRESS))
    throw refuse("This is not the entry point of agent accounts.");
  if (!isAddressEqual(operation.sender, grant.account)) throw refuse("This is not the agent's account.");
  // The owner deploys the account; an agent that could would choose its own code.
  if (size(operation.initCode) !== 0) throw refuse("An agent's operation does not deploy accounts.");
  if ((operation.nonce >> 64n) % 2n ** 160n !== BigInt(grant.address))
    throw refuse("The nonce is not of the agent's own lanes.");

  const { contracts } = loadDeployment();
  const isSponsored =
    size(operation.paymasterAndData) >= 52 &&
    isAddressEqual(slice(operation.paymasterAndData, 0, 20), contracts.GasSponsor);
  if (!isSponsored) throw refuse("An agent's operation is paid by the gas sponsor.");

  const limits = unpackPair(operation.accountGasLimits);
  const sponsorLimits = unpackPair(slice(operation.paymasterAndData, 20, 52));
  const gas = limits.high + limits.low + sponsorLimits.high + sponsorLimits.low + operation.preVerificationGas;
  if (gas > GAS_MAX) throw refuse(`The operation asks for ${gas} gas; the most is ${GAS_MAX}.`);
  if (unpackPair(operation.gasFees).low > FEE_PER_GAS_MAX) throw refuse("The operation's fee is too high.");
}

/** Judges a batch of the agent's key by its own bytes, against what was signed before; throws the policy's reason. */
async function judge(
  connection: Connection,
  { wallet, grant }: { wallet: WalletRow; grant: Grant },
  callData: Hex,
  exceptNonce: bigint | null,
): Promise<{ spent: Spent; spentInWindow: Spent }> {
  if (grant.revoked) throw new DomainError("AGENT_REVOKED");
  if (grant.paused) throw new DomainError("AGENT_PAUSED");
  await assertNotHalted(connection, grant.agentId);
  const execution = decodeExecution(callData);
  if (!isAddressEqual(execution.key, grant.address)) throw refuse("The operation names another key.");
  const { windowSeconds } = grant.policy;
  const spentInWindow = await sumSpends(connection, { walletId: wallet.id, windowSeconds, exceptNonce });
  const state = { account: grant.account, paused: grant.paused, spentInWindow };
  const verdict = evaluatePolicy(grant.policy, execution, state, Math.floor(Date.now() / 1000));
  if (!verdict.allowed) {
    const { rule, value, fix } = verdict;
    throw new DomainError("POLICY_DENIED", { rule, value, fix, refusedBy: "signer" });
  }
  return { spent: verdict.spent, spentInWindow };
}

/** Says whether the policy allows a batch now. Nothing is signed and nothing is counted. */
export async function evaluateExecution(
  keys: KeyRing,
  input: SignerInput<"evaluateExecution">,
): Promise<SignerOutput<"evaluateExecution">> {
  return inTransaction(async (connection) => {
    const agent = await lockAgent(keys, connection, input.agentId);
    const { spent, spentInWindow } = await judge(connection, agent, input.callData, input.nonce ?? null);
    return { spent: amountsOf(spent), spentInWindow: amountsOf(spentInWindow) };
  });
}

/**
 * Signs an agent's user operation when its policy allows what the operation's own bytes do.
 *
 * The wallet's row stays locked from the look at what was spent to the record of what this signature may spend, and
 * the record is committed before the signature leaves. So parallel requests, on any number of signers, never exceed
 * the window, and neither does a crash at any point.
 */
export async function signUserOperation(
  keys: KeyRing,
  input: SignerInput<"signUserOperation">,
): Promise<SignerOutput<"signUserOperation">> {
  return inTransaction(async (connection) => {
    const { wallet, grant } = await lockAgent(keys, connection, input.agentId);
    const operation = input.userOperation;
    checkEnvelope(operation, input, grant);

    const { spent } = await judge(connection, { wallet, grant }, operation.callData, operation.nonce);

    const userOperationHash = hashUserOperation({ ...operation, signature: "0x" }, grant.chainId, ENTRY_POINT_ADDRESS);
    await recordSpend(connection, {
      walletId: wallet.id,
      nonce: operation.nonce,
      userOperationHash,
      spent,
    });
    const { r, s, yParity } = await withSecret(keys, wallet, (secret) => signHash(secret, userOperationHash));
    const signature = agentSignature(grant.address, concatHex([r, s, toHex(27 + yParity)]));
    return { userOperationHash, signature, spent: amountsOf(spent) };
  });
}
