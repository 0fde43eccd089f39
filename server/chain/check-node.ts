import { DomainError } from "#core/errors.ts";
import { env } from "#server/env.ts";
import { publicClient } from "./client.ts";

/**
 * Throws when the node cannot be believed now: it is one of another chain, or behind the last block that was applied. What
 * such a node says of nonces, gas and payments is of another place or another time.
 */
export async function checkNode(applied: bigint | null): Promise<bigint> {
  const [chainId, head] = await Promise.all([publicClient().getChainId(), publicClient().getBlockNumber()]);
  if (chainId !== env.CHAIN_ID) throw ofAnotherChain(chainId);
  if (applied !== null && head < applied) throw isBehind(head, applied);
  return head;
}

/** The chain's id alone, where the rest is compared anyway. */
export async function checkChainId(): Promise<void> {
  const chainId = await publicClient().getChainId();
  if (chainId !== env.CHAIN_ID) throw ofAnotherChain(chainId);
}

const ofAnotherChain = (chainId: number) =>
  new DomainError("CHAIN_UNAVAILABLE", { message: `The node is one of chain ${chainId}, not of ${env.CHAIN_ID}.` });

const isBehind = (head: bigint, applied: bigint) =>
  new DomainError("CHAIN_UNAVAILABLE", {
    message: `The node ends at block ${head}, but ${applied} was read before: it is behind, or its chain began anew.`,
  });
