import type { Address, Hex } from "viem";
import { concatHex, isAddressEqual, size, slice, toHex } from "viem/utils";
import type { DomainError } from "#core/errors.ts";
import type { Spent } from "#core/policy/evaluate-policy.ts";
import { USD_VALUE } from "#core/policy/guards.ts";
import type { SignerInput, SignerOutput, UnsignedUserOperation } from "#core/schemas/signer.ts";
import { agentSignature, ENTRY_POINT_ADDRESS, unpackPair } from "#core/user-operation.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { lockAgents, type OpenAgent, refusalOrThrow } from "./agent-wallets.ts";
import type { Facts } from "./gather-facts.ts";
import type { Grant } from "./grant.ts";
import { readHalts } from "./halts.ts";
import { denied, FactsWanted, type Judged, judgeExecution, refuse } from "./judge-execution.ts";
import type { KeyRing } from "./key-ring.ts";
import { type Connection, inTransaction, recordSpends, sumSpends } from "./store.ts";
import { signHash, withSecret } from "./wallets.ts";

const GAS_MAX = 8_000_000n;
const FEE_PER_GAS_MAX = 500_000_000_000n;

/** An operation that a signature is asked for, with everything known about it before its wallet is locked. */
export type Asked = {
  input: SignerInput<"signUserOperation">;
  userOperationHash: Hex;
  /** Who signed for this very operation. */
  signers: ReadonlySet<string>;
  facts: Facts | null;
};

export type Signed = SignerOutput<"signUserOperation">;
export type Refused = DomainError | FactsWanted;
type Allowed = { asked: Asked; agent: OpenAgent; judged: Judged };

const refusedOrThrow = (error: unknown): Refused => (error instanceof FactsWanted ? error : refusalOrThrow(error));

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

function judgeOperation(
  { input, signers, facts }: Asked,
  { grant }: OpenAgent,
  state: { halt: DomainError | null; spentInWindow: Spent },
): Judged {
  checkEnvelope(input.userOperation, input, grant);
  const judged = judgeExecution(grant, input.userOperation.callData, { ...state, facts });
  const approvers = grant.policy.guards?.approvals?.approvers ?? [];
  const approved = approvers.filter(({ owner }) => signers.has(owner)).length;
  const { approvalsNeeded } = judged.judgement;
  if (approved < approvalsNeeded)
    throw denied({
      rule: "approvals",
      value: `${approved} of ${approvalsNeeded}`,
      fix: "Its approvers decide about this operation first.",
    });
  return judged;
}

/** First those that are the first of their agent, then those that are the second, and so on. */
function roundsOf(batch: readonly Asked[]): Asked[][] {
  const ofAgents = Map.groupBy(batch, ({ input }) => input.agentId);
  const longest = Math.max(...[...ofAgents.values()].map(({ length }) => length));
  return Array.from({ length: longest }, (_, round) => [...ofAgents.values()].flatMap((asked) => asked[round] ?? []));
}

function judgeOne(asked: Asked, agent: OpenAgent, state: Parameters<typeof judgeOperation>[2]): Allowed | Refused {
  try {
    return { asked, agent, judged: judgeOperation(asked, agent, state) };
  } catch (error) {
    return refusedOrThrow(error);
  }
}

/** Judges operations of different agents and writes down what those may spend that are allowed. */
async function judgeRound(
  connection: Connection,
  round: readonly { asked: Asked; agent: OpenAgent }[],
  haltOf: (agentId: string) => DomainError | null,
): Promise<(Allowed | Refused)[]> {
  const sums = await sumSpends(
    connection,
    round.map(({ asked, agent: { wallet, grant } }) => ({
      walletId: wallet.id,
      windowSeconds: grant.policy.windowSeconds,
      exceptNonce: asked.input.userOperation.nonce,
    })),
  );
  const verdicts = round.map(({ asked, agent }, place) =>
    judgeOne(asked, agent, { halt: haltOf(asked.input.agentId), spentInWindow: sums[place] ?? new Map() }),
  );
  await recordSpends(
    connection,
    verdicts.flatMap((verdict) => (verdict instanceof Error ? [] : spendOf(verdict))),
  );
  return verdicts;
}

const spendOf = ({ asked, agent, judged: { spent, usd } }: Allowed) => ({
  walletId: agent.wallet.id,
  nonce: asked.input.userOperation.nonce,
  userOperationHash: asked.userOperationHash,
  spent: usd === null ? spent : new Map([...spent, [USD_VALUE, usd]]),
});

async function sign(keys: KeyRing, { asked, agent: { wallet, grant }, judged }: Allowed): Promise<Signed> {
  const { userOperationHash } = asked;
  const { r, s, yParity } = await withSecret(keys, wallet, (secret) => signHash(secret, userOperationHash));
  const signature = agentSignature(grant.address, concatHex([r, s, toHex(27 + yParity)]));
  return { ...judged.judgement, userOperationHash, signature };
}

/**
 * Judges and signs operations in one transaction; each is allowed or refused for itself.
 *
 * The wallets' rows stay locked from the look at what was spent to the record of what these signatures may spend, and the
 * record is committed before a signature leaves. So parallel requests, on any number of signers, never exceed a window,
 * and neither does a crash at any point.
 */
export function signTogether(keys: KeyRing, batch: readonly Asked[]): Promise<(Signed | Refused)[]> {
  return inTransaction(async (connection) => {
    const agentIds = batch.map(({ input }) => input.agentId);
    const agentOf = await lockAgents(keys, connection, agentIds);
    const haltOf = await readHalts(connection, agentIds);
    const answers = new Map<Asked, Signed | Refused>();
    for (const round of roundsOf(batch)) {
      const opened = round.flatMap((asked) => {
        const agent = agentOf(asked.input.agentId);
        if (!(agent instanceof Error)) return { asked, agent };
        answers.set(asked, agent);
        return [];
      });
      const verdicts = await judgeRound(connection, opened, haltOf);
      for (const [place, { asked }] of opened.entries()) {
        const verdict = verdicts[place] as Allowed | Refused;
        answers.set(asked, verdict instanceof Error ? verdict : await sign(keys, verdict).catch(refusedOrThrow));
      }
    }
    return batch.map((asked) => answers.get(asked) as Signed | Refused);
  });
}
