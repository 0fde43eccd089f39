import type { Address, Hex } from "viem";
import { concatHex, isAddressEqual, keccak256, size, slice, toHex } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { evaluatePolicy, type Spent } from "#core/policy/evaluate-policy.ts";
import { decodeExecution } from "#core/policy/execution.ts";
import { evaluateGuards, hashGuards, USD_VALUE } from "#core/policy/guards.ts";
import type { SignerInput, SignerOutput, UnsignedUserOperation } from "#core/schemas/signer.ts";
import { agentSignature, ENTRY_POINT_ADDRESS, hashUserOperation, unpackPair } from "#core/user-operation.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { lockAgent, readGrant } from "./agent-wallets.ts";
import { findSigners } from "./approvals.ts";
import { type Facts, gatherFacts } from "./gather-facts.ts";
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

/** Nothing can be said before the chain was asked for what these guards look at. */
class FactsWanted extends Error {
  override readonly name = "FactsWanted";
  readonly grant: Grant;
  constructor(grant: Grant) {
    super("The guards want facts of the chain.");
    this.grant = grant;
  }
}

/** How often guards may change under a request before it is given up. */
const FACTS_MAX = 3;

/**
 * Judges, and where the policy's guards want to know something of the chain, gathers it outside of the transaction and
 * judges again: nobody waits for a node while others wait for the wallet's lock, or for a stop.
 */
async function withFacts<Result>(callData: Hex, work: (facts: Facts | null) => Promise<Result>): Promise<Result> {
  let facts: Facts | null = null;
  for (let tries = 0; tries < FACTS_MAX; tries++) {
    try {
      return await work(facts);
    } catch (error) {
      if (!(error instanceof FactsWanted)) throw error;
      facts = await gatherFacts(error.grant, callData);
    }
  }
  throw new DomainError("CONFLICT", { message: "The agent's policy keeps changing. Ask again." });
}

type Judged = { spent: Spent; spentInWindow: Spent; usd: bigint | null; approvalsNeeded: number };

const denied = ({ rule, value, fix }: { rule: string; value: string; fix: string }) =>
  new DomainError("POLICY_DENIED", { rule, value, fix, refusedBy: "signer" });

/** Judges a batch of the agent's key by its own bytes, against what was signed before; throws the policy's reason. */
async function judge(
  connection: Connection,
  { wallet, grant }: { wallet: WalletRow; grant: Grant },
  input: { callData: Hex; exceptNonce: bigint | null; facts: Facts | null },
): Promise<Judged> {
  if (grant.revoked) throw new DomainError("AGENT_REVOKED");
  if (grant.paused) throw new DomainError("AGENT_PAUSED");
  await assertNotHalted(connection, grant.agentId);
  const execution = decodeExecution(input.callData);
  if (!isAddressEqual(execution.key, grant.address)) throw refuse("The operation names another key.");
  const { windowSeconds, guards } = grant.policy;
  const { exceptNonce } = input;
  const spentInWindow = await sumSpends(connection, { walletId: wallet.id, windowSeconds, exceptNonce });
  const state = { account: grant.account, paused: grant.paused, spentInWindow };
  const nowSeconds = Math.floor(Date.now() / 1000);
  const verdict = evaluatePolicy(grant.policy, execution, state, nowSeconds);
  if (!verdict.allowed) throw denied(verdict);
  const { spent } = verdict;
  if (!guards) return { spent, spentInWindow, usd: null, approvalsNeeded: 0 };
  if (input.facts?.guardsHash !== hashGuards(guards)) throw new FactsWanted(grant);
  const usdInWindow = spentInWindow.get(USD_VALUE) ?? 0n;
  const guarded = evaluateGuards(guards, spent, { ...input.facts, nowSeconds, usdInWindow });
  if (!guarded.allowed) throw denied(guarded);
  return { spent, spentInWindow, usd: guarded.usd, approvalsNeeded: guarded.approvalsNeeded };
}

/** Says whether the policy allows a batch now. Nothing is signed and nothing is counted. */
export function evaluateExecution(
  keys: KeyRing,
  input: SignerInput<"evaluateExecution">,
): Promise<SignerOutput<"evaluateExecution">> {
  const { callData, nonce: exceptNonce = null } = input;
  return withFacts(callData, (facts) =>
    inTransaction(async (connection) => {
      const agent = await lockAgent(keys, connection, input.agentId);
      const { spent, spentInWindow, approvalsNeeded } = await judge(connection, agent, {
        callData,
        exceptNonce,
        facts,
      });
      return { spent: amountsOf(spent), spentInWindow: amountsOf(spentInWindow), approvalsNeeded };
    }),
  );
}

/** Who signed for this very operation; looked at before the wallet is locked, for the same reason. */
async function signersOf(
  keys: KeyRing,
  input: SignerInput<"signUserOperation">,
  userOperationHash: Hex,
): Promise<ReadonlySet<string>> {
  const { approvals = [], agentId, userOperation } = input;
  if (approvals.length === 0) return new Set();
  const callDataHash = keccak256(userOperation.callData);
  return findSigners(await readGrant(keys, agentId), { userOperationHash, callDataHash }, approvals);
}

/**
 * Signs an agent's user operation when its policy allows what the operation's own bytes do, and when those people
 * approved of this very operation whose approval it needs.
 *
 * The wallet's row stays locked from the look at what was spent to the record of what this signature may spend, and
 * the record is committed before the signature leaves. So parallel requests, on any number of signers, never exceed
 * the window, and neither does a crash at any point.
 */
export function signUserOperation(
  keys: KeyRing,
  input: SignerInput<"signUserOperation">,
): Promise<SignerOutput<"signUserOperation">> {
  const operation = input.userOperation;
  return withFacts(operation.callData, async (facts) => {
    const userOperationHash = hashUserOperation({ ...operation, signature: "0x" }, input.chainId, ENTRY_POINT_ADDRESS);
    const signers = await signersOf(keys, input, userOperationHash);
    return inTransaction(async (connection) => {
      const { wallet, grant } = await lockAgent(keys, connection, input.agentId);
      checkEnvelope(operation, input, grant);
      const { spent, usd, approvalsNeeded } = await judge(
        connection,
        { wallet, grant },
        { callData: operation.callData, exceptNonce: operation.nonce, facts },
      );
      const approvers = grant.policy.guards?.approvals?.approvers ?? [];
      const approved = approvers.filter(({ owner }) => signers.has(owner)).length;
      if (approved < approvalsNeeded)
        throw denied({
          rule: "approvals",
          value: `${approved} of ${approvalsNeeded}`,
          fix: "Its approvers decide about this operation first.",
        });
      await recordSpend(connection, {
        walletId: wallet.id,
        nonce: operation.nonce,
        userOperationHash,
        spent: usd === null ? spent : new Map([...spent, [USD_VALUE, usd]]),
      });
      const { r, s, yParity } = await withSecret(keys, wallet, (secret) => signHash(secret, userOperationHash));
      const signature = agentSignature(grant.address, concatHex([r, s, toHex(27 + yParity)]));
      return { userOperationHash, signature, spent: amountsOf(spent) };
    });
  });
}
