import { type Address, createPublicClient, getAddress, http } from "viem";
import { parseSiweMessage } from "viem/siwe";
import { recoverMessageAddress } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { takeChallenge } from "./challenges.ts";
import { createUser } from "./users.ts";

/** A key pair's signature is checked here, without the network; only contract accounts need a node (ERC-1271). */
async function isSignedBy(address: `0x${string}`, message: string, signature: `0x${string}`): Promise<boolean> {
  const recovered = await recoverMessageAddress({ message, signature }).catch(() => null);
  if (recovered === address) return true;
  const client = createPublicClient({ transport: http(env.CHAIN_RPC_URL, { timeout: 3_000, retryCount: 0 }) });
  const code = await client.getCode({ address }).catch(() => undefined);
  return code !== undefined && client.verifyMessage({ address, message, signature }).catch(() => false);
}

/** Signs a wallet in (EIP-4361): domain, chain, times and nonce are ours, and the nonce is gone afterwards. */
export async function signInWithWallet(input: { message: string; signature: string }): Promise<string> {
  const fields = parseSiweMessage(input.message);
  if (!fields.address || !fields.nonce || !/^0x[0-9a-fA-F]{2,4096}$/.test(input.signature))
    throw new DomainError("SIGNATURE_INVALID");
  await takeChallenge("siwe", fields.nonce);

  const now = new Date();
  const origin = new URL(env.PUBLIC_URL);
  const isForUs =
    fields.domain === origin.host &&
    fields.uri !== undefined &&
    URL.canParse(fields.uri) &&
    new URL(fields.uri).origin === origin.origin;
  const isTimely =
    (!fields.expirationTime || fields.expirationTime > now) && (!fields.notBefore || fields.notBefore <= now);
  if (!isForUs || fields.chainId !== env.CHAIN_ID || !isTimely) throw new DomainError("SIGNATURE_INVALID");

  const address = getAddress(fields.address);
  if (!(await isSignedBy(address, input.message, input.signature as `0x${string}`)))
    throw new DomainError("SIGNATURE_INVALID");

  return userOfWallet(address);
}

/** The person that a wallet belongs to, made the first time it shows that it is somebody's: by signing in, or by paying. */
export function userOfWallet(address: Address): Promise<string> {
  return db.$transaction(async (tx) => {
    // Two first times of one address at once: the second waits on the lock and finds the first one's row.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`wallet:${address}`}, 0))`;
    const known = await tx.userWallet.findUnique({ where: { address }, select: { userId: true } });
    if (known) return known.userId;
    const userId = await createUser(tx, { name: `${address.slice(0, 6)}…${address.slice(-4)}` });
    await tx.userWallet.create({ data: { address, userId } });
    return userId;
  });
}
