import { createPublicClient, http, type PublicClient } from "viem";
import { env } from "#server/env.ts";

let client: PublicClient | null = null;

/** The signer's own look at the chain: it asks for itself what it is to believe. */
export function chainView(): PublicClient {
  client ??= createPublicClient({
    transport: http(env.CHAIN_RPC_URL, { batch: { wait: 0 }, timeout: 10_000, retryCount: 1 }),
    cacheTime: 0,
  });
  return client;
}
