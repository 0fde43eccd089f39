import { type Chain, createPublicClient, defineChain, http, type PublicClient } from "viem";
import { env } from "#server/env.ts";

const chain: Chain = defineChain({
  id: env.CHAIN_ID,
  name: env.isDevelopmentChain ? "Converge development network" : `Chain ${env.CHAIN_ID}`,
  nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
  rpcUrls: { default: { http: [env.CHAIN_RPC_URL] } },
});

let client: PublicClient | null = null;

/** The one client of this process for reading the chain; requests of one tick travel together. */
export function publicClient(): PublicClient {
  client ??= createPublicClient({
    chain,
    transport: http(env.CHAIN_RPC_URL, { batch: { wait: 0 }, timeout: 10_000, retryCount: 1, retryDelay: 100 }),
    pollingInterval: env.isDevelopmentChain ? 100 : 2_000,
    cacheTime: 0,
  });
  return client;
}
