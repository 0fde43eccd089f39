import { encodeFunctionData, getAddress, type Hex } from "viem";
import { DomainError } from "#core/errors.ts";
import { rewardsDistributorAbi } from "#core/generated/abis.ts";
import type { PreparedOperation } from "#core/schemas/account.ts";
import type { Actor } from "#server/identity/actor.ts";
import { getPersonalAccount } from "#server/wallets/get-account.ts";
import { prepareUserOperation } from "#server/wallets/user-operations.ts";
import { listClaims } from "./list-claims.ts";

/**
 * Prepares the collecting of everything that is ready, for the person's own signature. The sponsor pays for it, and
 * the account is made with it when it is not there yet.
 */
export async function prepareClaim(actor: Actor): Promise<PreparedOperation> {
  const account = await getPersonalAccount(actor.userId);
  if (!account) throw new DomainError("OWNER_REQUIRED");
  const { data } = await listClaims(actor);
  const claim = data.find(
    ({ address, claimable }) => address === getAddress(account.address) && claimable.units !== "0",
  );
  if (!claim) throw new DomainError("CLAIM_NOT_READY");
  const args = [getAddress(claim.address), BigInt(claim.cumulative.units), claim.proof as Hex[]] as const;
  return prepareUserOperation({
    owner: actor.userId,
    calls: [
      {
        target: getAddress(claim.distributor),
        data: encodeFunctionData({ abi: rewardsDistributorAbi, functionName: "claim", args }),
      },
    ],
    purpose: "reward-claim",
    refId: String(claim.epoch),
  });
}
