import { type Address, erc20Abi } from "viem";
import { getAddress } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { priceFeedAbi, uniswapV2FactoryAbi, uniswapV2PairAbi } from "#core/generated/abis.ts";
import { LISTED_TOKENS } from "#core/market/listed.ts";
import type { MarketToken, MarketView, Portfolio } from "#core/market/market-view.ts";
import { publicClient } from "./client.ts";
import { loadDeployment } from "./deployments.ts";

/** A token that is traded for dollars: where its price is said and where its pool is. */
export type ListedToken = {
  token: Address;
  symbol: string;
  decimals: number;
  feed: Address;
  pair: Address;
  /** Whether the pool names dollars first. */
  isUsdFirst: boolean;
};

let known: { factory: Address; listed: ListedToken[] } | null = null;

/** The market's contracts, or nothing on a chain without any. */
function marketContracts(): { factory: Address; router: Address; tokens: { token: Address; feed: Address }[] } | null {
  const { contracts } = loadDeployment();
  const { UniswapV2Factory: factory, UniswapV2Router: router } = contracts;
  if (!factory || !router) return null;
  const tokens = LISTED_TOKENS.flatMap(([token, feed]) => {
    const [address, feedAddress] = [contracts[token], contracts[feed]];
    return address && feedAddress ? [{ token: address, feed: feedAddress }] : [];
  });
  return { factory, router, tokens };
}

/** The router through which agents trade. */
export function tradeRouter(): Address {
  const market = marketContracts();
  if (!market) throw new DomainError("MARKET_MISSING");
  return market.router;
}

/** The tokens that can be traded for dollars; none on a chain without a market. */
export async function listTokens(): Promise<ListedToken[]> {
  const market = marketContracts();
  if (!market) return [];
  if (known?.factory === market.factory) return known.listed;
  const { TestUSD } = loadDeployment().contracts;
  const client = publicClient();
  const listed = await Promise.all(
    market.tokens.map(async ({ token, feed }) => {
      const erc20 = { address: token, abi: erc20Abi } as const;
      const [symbol, decimals, pair] = await Promise.all([
        client.readContract({ ...erc20, functionName: "symbol" }),
        client.readContract({ ...erc20, functionName: "decimals" }),
        client.readContract({
          address: market.factory,
          abi: uniswapV2FactoryAbi,
          functionName: "getPair",
          args: [token, TestUSD],
        }),
      ]);
      // A pool names the lower address first.
      const isUsdFirst = BigInt(TestUSD) < BigInt(token);
      return { token, feed, pair: getAddress(pair), symbol, decimals, isUsdFirst };
    }),
  );
  known = { factory: market.factory, listed };
  return listed;
}

async function readToken({ feed, pair, isUsdFirst, ...listed }: ListedToken): Promise<MarketToken> {
  const client = publicClient();
  const [[, answer, , updatedAt], [reserve0, reserve1]] = await Promise.all([
    client.readContract({ address: feed, abi: priceFeedAbi, functionName: "latestRoundData" }),
    client.readContract({ address: pair, abi: uniswapV2PairAbi, functionName: "getReserves" }),
  ]);
  return {
    ...listed,
    answer,
    answeredAtSeconds: Number(updatedAt),
    reserveUsd: isUsdFirst ? reserve0 : reserve1,
    reserveToken: isUsdFirst ? reserve1 : reserve0,
  };
}

/** Prices and pools as the newest block has them. */
export async function readMarket(): Promise<Omit<MarketView, "answerAgo">> {
  const listed = await listTokens();
  if (listed.length === 0) throw new DomainError("MARKET_MISSING");
  const usd = loadDeployment().contracts.TestUSD;
  return {
    atSeconds: Math.floor(Date.now() / 1_000),
    usd,
    tokens: await Promise.all(listed.map(readToken)),
    // The gas of an agent's operation is the sponsor's: it costs the agent nothing.
    gasUnits: 0n,
  };
}

/** What an account has of dollars and of every token that is traded. */
export async function readPortfolio(account: Address): Promise<Portfolio> {
  const tokens = [loadDeployment().contracts.TestUSD, ...(await listTokens()).map(({ token }) => token)];
  const [usd = 0n, ...held] = await Promise.all(
    tokens.map((address) =>
      publicClient().readContract({ address, abi: erc20Abi, functionName: "balanceOf", args: [account] }),
    ),
  );
  return { usd, held: new Map(tokens.slice(1).map((token, i) => [token, held[i] ?? 0n])) };
}
