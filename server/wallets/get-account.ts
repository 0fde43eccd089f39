import { type Address, type Hex, zeroHash } from "viem";
import { DomainError } from "#core/errors.ts";
import { testUsdAbi } from "#core/generated/abis.ts";
import { toWire, usd } from "#core/money.ts";
import type { AccountView } from "#core/schemas/account.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { accountAddress, isDeployed, type OperatedAccount } from "#server/chain/user-operations.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { findOwner, type Owner, viewOwner } from "./owner.ts";

export type PersonalAccount = OperatedAccount & { passkeyId: string | null };

/** Everybody's own account has this salt; agents' accounts have salts of their own. */
const PERSONAL_SALT: Hex = zeroHash;

/**
 * A person's own account on the chain; null as long as they have neither passkey nor wallet.
 *
 * Its owner is settled the first time somebody asks and kept: a passkey added later must not change where money went.
 */
export async function getPersonalAccount(userId: string): Promise<PersonalAccount | null> {
  const known = await db.personalAccount.findUnique({ where: { userId } });
  if (known) {
    const address = known.address as Address;
    return { address, owner: known.owner as Hex, salt: PERSONAL_SALT, passkeyId: known.passkeyId };
  }
  const owner = await findOwner(userId);
  if (!owner) return null;
  const address = await accountAddress(owner.bytes, PERSONAL_SALT);
  await db.personalAccount.createMany({
    data: [{ userId, address, owner: owner.bytes, passkeyId: owner.passkeyId }],
    skipDuplicates: true,
  });
  return getPersonalAccount(userId);
}

export const ownerOf = (account: { owner: Hex; passkeyId: string | null }): Owner => ({
  bytes: account.owner,
  passkeyId: account.passkeyId,
});

/** Dollars of the policy token at an address. */
export function tokenBalance(address: Address): Promise<bigint> {
  return publicClient().readContract({
    address: loadDeployment().contracts.TestUSD,
    abi: testUsdAbi,
    functionName: "balanceOf",
    args: [address],
  });
}

/** A person's own account; a key of an agent sees the agent's alone, which comes with the agent. */
export async function getAccount(actor: Actor): Promise<AccountView> {
  if (actor.agentId) throw new DomainError("FORBIDDEN");
  const account = await getPersonalAccount(actor.userId);
  if (!account) return { account: null };
  const [owner, deployed, balance] = await Promise.all([
    viewOwner(ownerOf(account)),
    isDeployed(account.address),
    tokenBalance(account.address),
  ]);
  return { account: { address: account.address, owner, isDeployed: deployed, balance: toWire(usd(balance)) } };
}
