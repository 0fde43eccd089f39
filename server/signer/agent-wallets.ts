import type { Address } from "viem";
import { isAddressEqual } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { hashPolicy } from "#core/policy/policy.ts";
import { isPolicyWithin } from "#core/policy/policy-within.ts";
import type { SignerInput, SignerOutput } from "#core/schemas/signer.ts";
import { ENTRY_POINT_ADDRESS } from "#core/user-operation.ts";
import { type Grant, openGrant, sealGrant } from "./grant.ts";
import { openImportedKey } from "./import-key.ts";
import type { KeyRing } from "./key-ring.ts";
import {
  type Connection,
  findWallet,
  insertWallet,
  inTransaction,
  lockWallets,
  sumSpends,
  updateGrant,
  type WalletRow,
} from "./store.ts";
import { addressOf, sealNewWallet, sealWallet } from "./wallets.ts";

const walletIdOf = (agentId: string): string => `agent:${agentId}`;

export type OpenAgent = { wallet: WalletRow; grant: Grant };

const unknownAgent = () =>
  new DomainError("SIGNER_REFUSED", {
    message: "This agent has no policy at the signer, so nothing is signed for it.",
  });

/** The locked wallets of agents and their authenticated grants; of one that cannot be opened, why. */
export async function lockAgents(
  keys: KeyRing,
  connection: Connection,
  agentIds: readonly string[],
): Promise<(agentId: string) => OpenAgent | DomainError> {
  const wallets = await lockWallets(connection, [...new Set(agentIds)].map(walletIdOf));
  const opened = new Map(
    await Promise.all(
      [...wallets].map(async ([id, wallet]) => {
        const agent = await openGrant(keys, wallet).then((grant) => ({ wallet, grant }), refusalOrThrow);
        return [id, agent] as const;
      }),
    ),
  );
  return (agentId) => opened.get(walletIdOf(agentId)) ?? unknownAgent();
}

/** A refusal as a value, so that one of many does not end the others; a fault stays a fault. */
export function refusalOrThrow(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  throw error;
}

/** The locked wallet of an agent and its authenticated grant. */
export async function lockAgent(keys: KeyRing, connection: Connection, agentId: string): Promise<OpenAgent> {
  const agent = (await lockAgents(keys, connection, [agentId]))(agentId);
  if (agent instanceof DomainError) throw agent;
  return agent;
}

/** The wallet of a new agent: with the key its owner brought, or with one that is made here. */
async function insertAgentWallet(
  keys: KeyRing,
  connection: Connection,
  { imported, ...input }: SignerInput<"createAgentWallet">,
): Promise<void> {
  const wallet = { id: walletIdOf(input.agentId), purpose: "agent" } as const;
  const row = imported
    ? await sealWallet(keys, wallet, await openImportedKey(keys, { ...input, imported }))
    : await sealNewWallet(keys, wallet.id, wallet.purpose);
  const sealed = await sealGrant(keys.of(row.key_id), {
    ...input,
    walletId: row.id,
    address: addressOf(row),
    superseded: [],
    paused: false,
    revoked: false,
    importedAt: imported ? new Date().toISOString() : null,
  });
  await insertWallet(connection, { ...row, grant_text: sealed.text, grant_mac: sealed.mac }, input.agentId);
}

/** Makes the wallet of an agent under its policy. Asked again with the same policy it answers with the same key. */
export async function createAgentWallet(
  keys: KeyRing,
  input: SignerInput<"createAgentWallet">,
): Promise<SignerOutput<"createAgentWallet">> {
  checkPolicy(input.policy, input.account);
  return inTransaction(async (connection) => {
    if (!(await findWallet(connection, walletIdOf(input.agentId)))) await insertAgentWallet(keys, connection, input);
    const { grant } = await lockAgent(keys, connection, input.agentId);
    const isSame =
      hashPolicy(grant.policy) === hashPolicy(input.policy) &&
      isAddressEqual(grant.account, input.account) &&
      grant.chainId === input.chainId &&
      (!input.imported || isAddressEqual(grant.address, input.imported.address)) &&
      !grant.revoked;
    if (!isSame)
      throw new DomainError("POLICY_WIDENING_REFUSED", {
        message: "This agent has a key under another policy already.",
      });
    return { address: grant.address, importedAt: grant.importedAt };
  });
}

function checkPolicy(policy: SignerInput<"createAgentWallet">["policy"], account: Address): void {
  const refuse = (message: string) => new DomainError("POLICY_INVALID", { message });
  if (policy.validUntil <= policy.validAfter) throw refuse("The policy ends before it starts.");
  const isForbidden = policy.rules.some(
    ({ target }) => isAddressEqual(target, account) || isAddressEqual(target, ENTRY_POINT_ADDRESS),
  );
  if (isForbidden) throw refuse("No rule may name the agent's own account or the entry point.");
}

/** The grant as it is now. */
export const readGrant = (keys: KeyRing, agentId: string): Promise<Grant> =>
  inTransaction(async (connection) => (await lockAgent(keys, connection, agentId)).grant);

export async function changeGrant(
  keys: KeyRing,
  agentId: string,
  change: (grant: Grant) => Partial<Grant>,
): Promise<Grant> {
  return inTransaction(async (connection) => {
    const { wallet, grant } = await lockAgent(keys, connection, agentId);
    const changed = { ...grant, ...change(grant) };
    const sealed = await sealGrant(keys.of(wallet.key_id), changed);
    await updateGrant(connection, wallet.id, sealed.text, sealed.mac);
    return changed;
  });
}

/** Replaces a policy by one that allows nothing new. Wider ones are refused: nothing here proves that the owner wants them. */
export async function narrowAgentPolicy(
  keys: KeyRing,
  input: SignerInput<"narrowAgentPolicy">,
): Promise<SignerOutput<"narrowAgentPolicy">> {
  const grant = await changeGrant(keys, input.agentId, (current) => {
    if (current.revoked) throw new DomainError("AGENT_REVOKED");
    if (!isPolicyWithin(input.policy, current.policy)) throw new DomainError("POLICY_WIDENING_REFUSED");
    return { policy: input.policy, superseded: [...current.superseded, hashPolicy(current.policy)].slice(-64) };
  });
  return { address: grant.address };
}

/** Pauses or resumes a key. It waits for a signature in the making, so when it has answered nothing more is signed. */
export async function setAgentPaused(
  keys: KeyRing,
  input: SignerInput<"setAgentPaused">,
): Promise<SignerOutput<"setAgentPaused">> {
  const { paused } = await changeGrant(keys, input.agentId, () => ({ paused: input.paused }));
  return { paused };
}

export async function revokeAgentWallet(
  keys: KeyRing,
  input: SignerInput<"revokeAgentWallet">,
): Promise<SignerOutput<"revokeAgentWallet">> {
  await changeGrant(keys, input.agentId, () => ({ revoked: true }));
  return { revoked: true };
}

export async function getAgentSpending(
  keys: KeyRing,
  input: SignerInput<"getAgentSpending">,
): Promise<SignerOutput<"getAgentSpending">> {
  return inTransaction(async (connection) => {
    const { wallet, grant } = await lockAgent(keys, connection, input.agentId);
    const { windowSeconds } = grant.policy;
    const [spentInWindow] = await sumSpends(connection, [{ walletId: wallet.id, windowSeconds, exceptNonce: null }]);
    const amounts = [...(spentInWindow ?? [])].map(([token, amount]) => ({ token, amount }));
    return { spentInWindow: amounts, paused: grant.paused, revoked: grant.revoked };
  });
}
