import { type Hex, keccak256 } from "viem";
import type { SignerInput, SignerOutput } from "#core/schemas/signer.ts";
import { ENTRY_POINT_ADDRESS, hashUserOperation } from "#core/user-operation.ts";
import { createGroupCommit } from "#server/group-commit.ts";
import { lockAgent, readGrant } from "./agent-wallets.ts";
import { findSigners } from "./approvals.ts";
import { readHalts } from "./halts.ts";
import { judgeExecution, withFacts } from "./judge-execution.ts";
import type { KeyRing } from "./key-ring.ts";
import { type Asked, type Refused, type Signed, signTogether } from "./sign-together.ts";
import { inTransaction, sumSpends } from "./store.ts";

/** How many operations share a transaction, while another such transaction waits for the disk. */
const TOGETHER_MAX = 32;

/** Says whether the policy allows a batch now. Nothing is signed and nothing is counted. */
export function evaluateExecution(
  keys: KeyRing,
  input: SignerInput<"evaluateExecution">,
): Promise<SignerOutput<"evaluateExecution">> {
  const { agentId, callData, nonce: exceptNonce = null } = input;
  return withFacts(callData, (facts) =>
    inTransaction(async (connection) => {
      const { wallet, grant } = await lockAgent(keys, connection, agentId);
      const halt = (await readHalts(connection, [agentId]))(agentId);
      const { windowSeconds } = grant.policy;
      const [spentInWindow = new Map()] = await sumSpends(connection, [
        { walletId: wallet.id, windowSeconds, exceptNonce },
      ]);
      return judgeExecution(grant, callData, { halt, spentInWindow, facts }).judgement;
    }),
  );
}

type Submit = (asked: Asked) => Promise<Signed | Refused>;
const groups = new WeakMap<KeyRing, Submit>();

function groupOf(keys: KeyRing): Submit {
  const submit =
    groups.get(keys) ??
    createGroupCommit<Asked, Signed | Refused>({
      commit: (batch) => signTogether(keys, batch),
      batchesInFlightMax: 2,
      sizeMax: TOGETHER_MAX,
      sizeOf: () => 1,
      isContentError: () => false,
    });
  groups.set(keys, submit);
  return submit;
}

/** Who signed for this very operation; looked at before the wallet is locked, because it may ask the chain. */
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
 * approved of this very operation whose approval it needs. Those who ask at the same time share a commit.
 */
export async function signUserOperation(
  keys: KeyRing,
  input: SignerInput<"signUserOperation">,
): Promise<SignerOutput<"signUserOperation">> {
  const operation = input.userOperation;
  const userOperationHash = hashUserOperation({ ...operation, signature: "0x" }, input.chainId, ENTRY_POINT_ADDRESS);
  return withFacts(operation.callData, async (facts) => {
    const signers = await signersOf(keys, input, userOperationHash);
    const answer = await groupOf(keys)({ input, userOperationHash, signers, facts });
    if (answer instanceof Error) throw answer;
    return answer;
  });
}
