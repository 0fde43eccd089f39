import type { PublicClient } from "viem";
import {
  type Abi,
  type Address,
  encodeFunctionData,
  erc20Abi,
  type Hex,
  maxUint256,
  parseEther,
  parseUnits,
} from "viem";
import {
  developmentPriceFeedAbi,
  uniswapV2FactoryAbi,
  uniswapV2PairAbi,
  uniswapV2RouterAbi,
  weth9Abi,
} from "../core/generated/abis.ts";

/** The contracts of the development chain's market. */
export const MARKET_CONTRACTS = [
  "WETH",
  "TestBTC",
  "UniswapV2Factory",
  "UniswapV2Router",
  "EtherFeed",
  "BitcoinFeed",
] as const;
export type MarketContracts = Record<(typeof MARKET_CONTRACTS)[number], Address>;

type Call = { to: Address; data: Hex; value?: bigint; gas: bigint };
type Send = (calls: Call[]) => Promise<unknown>;

/** What is put into each pool at first, and kept beside it to trade with, at the price that the feed says first. */
const POOLS = [
  {
    token: "WETH",
    feed: "EtherFeed",
    amount: parseEther("500"),
    usd: parseUnits("1500000", 6),
    price: 3_000_00000000n,
  },
  {
    token: "TestBTC",
    feed: "BitcoinFeed",
    amount: 15_00000000n,
    usd: parseUnits("1500000", 6),
    price: 100_000_00000000n,
  },
] as const;
const DEADLINE = maxUint256;

/**
 * Fills the pools with the deployer's tokens and says the first prices. It looks first: what a broken run left is gone on
 * with, and a market that is there is not touched.
 */
export async function seedMarket(
  client: PublicClient,
  send: Send,
  deployer: Address,
  contracts: MarketContracts & { TestUSD: Address },
): Promise<void> {
  const { UniswapV2Factory, UniswapV2Router, TestUSD, WETH } = contracts;
  for (const { token, feed, amount, usd, price } of POOLS) {
    const [pair, [, answer]] = await Promise.all([
      client.readContract({
        address: UniswapV2Factory,
        abi: uniswapV2FactoryAbi,
        functionName: "getPair",
        args: [contracts[token], TestUSD],
      }),
      client.readContract({ address: contracts[feed], abi: developmentPriceFeedAbi, functionName: "latestRoundData" }),
    ]);
    const calls: Call[] = [];
    const call = (to: Address, abi: Abi, functionName: string, args: unknown[], value?: bigint) =>
      calls.push({
        to,
        data: encodeFunctionData({ abi, functionName, args }),
        gas: 4_000_000n,
        ...(value === undefined ? {} : { value }),
      });
    if (answer === 0n) call(contracts[feed], developmentPriceFeedAbi, "update", [price]);
    if (!(await hasReserves(client, pair))) {
      if (token === "WETH") call(WETH, weth9Abi, "deposit", [], amount * 2n);
      call(contracts[token], erc20Abi, "approve", [UniswapV2Router, maxUint256]);
      call(TestUSD, erc20Abi, "approve", [UniswapV2Router, maxUint256]);
      const sides = [contracts[token], TestUSD, amount, usd, amount, usd];
      call(UniswapV2Router, uniswapV2RouterAbi, "addLiquidity", [...sides, deployer, DEADLINE]);
    }
    if (calls.length > 0) await send(calls);
  }
}

async function hasReserves(client: PublicClient, pair: Address): Promise<boolean> {
  if (BigInt(pair) === 0n) return false;
  const [reserve] = await client.readContract({ address: pair, abi: uniswapV2PairAbi, functionName: "getReserves" });
  return reserve > 0n;
}
