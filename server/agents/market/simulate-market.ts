import { randomInt } from "node:crypto";
import { type Address, createWalletClient, type Hex, http, maxUint256 } from "viem";
import { developmentPriceFeedAbi, uniswapV2RouterAbi } from "#core/generated/abis.ts";
import { amountToPrice } from "#core/market/constant-product.ts";
import { apartBps, type MarketToken, PRICE_DECIMALS, poolPrice } from "#core/market/market-view.ts";
import { publicClient } from "#server/chain/client.ts";
import { listTokens, readMarket, tradeRouter } from "#server/chain/market.ts";
import { pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";

/** How far a price goes in one step at the most, and how much of its way from home it comes back, in hundredths of a percent. */
const STEP_BPS = 40;
const HOME_BPS = 40n;
/** Where prices come back to, by symbol: what the pools were filled at. */
const HOMES: Readonly<Record<string, bigint>> = {
  WETH: 3_000n * 10n ** BigInt(PRICE_DECIMALS),
  tBTC: 100_000n * 10n ** BigInt(PRICE_DECIMALS),
};
/** A feed says a price that moved so far, and any that it has not said for so long. */
const SAID_BPS = 10n;
const SAID_SECONDS = 45;
/** A pool so near the price is left: to move it would cost more than it brings. */
const LEFT_BPS = 8n;

/** The development chain's unlocked account, which filled the pools and says the prices. */
async function trader(): Promise<{ account: Address; write: ReturnType<typeof createWalletClient> } | null> {
  if (!env.isDevelopmentChain) return null;
  const write = createWalletClient({ transport: http(env.CHAIN_RPC_URL) });
  const [account] = await write.getAddresses();
  return account ? { account, write } : null;
}

/** The next price of a walk that strays and comes home. */
export function nextPrice(answer: bigint, home: bigint, step: number): bigint {
  const strayed = answer + (answer * BigInt(step)) / 10_000n;
  return strayed + ((home - strayed) * HOME_BPS) / 10_000n;
}

/** What trades a pool to a price: which side is sold, and how much of it. */
function tradeTo(token: MarketToken, price: bigint): { isBuy: boolean; amountIn: bigint } {
  const whole = 10n ** BigInt(token.decimals + PRICE_DECIMALS);
  const units = price * 1_000_000n;
  const isBuy = (poolPrice(token) ?? 0n) < price;
  const amountIn = isBuy
    ? amountToPrice(token.reserveUsd, token.reserveToken, units, whole)
    : amountToPrice(token.reserveToken, token.reserveUsd, whole, units);
  return { isBuy, amountIn };
}

/**
 * Moves the development chain's market by one step: the feeds say new prices, and the pools are traded there as others
 * would. On any other chain it does nothing.
 */
export async function simulateMarket(step: () => number = () => randomInt(-STEP_BPS, STEP_BPS + 1)): Promise<void> {
  const listed = await listTokens();
  const simulated = listed.length > 0 ? await trader() : null;
  if (!simulated) return;
  const { account, write } = simulated;
  const from = { account, chain: null };
  const { usd, tokens } = await readMarket();
  const hashes: Hex[] = [];
  const nowSeconds = Math.floor(Date.now() / 1_000);
  for (const token of tokens) {
    const feed = listed.find((one) => one.token === token.token)?.feed;
    if (!feed) continue;
    const price = nextPrice(token.answer, HOMES[token.symbol] ?? token.answer, step());
    const isDue = apartBps(token.answer, price) >= SAID_BPS || nowSeconds - token.answeredAtSeconds > SAID_SECONDS;
    if (isDue)
      hashes.push(
        await write.writeContract({
          ...from,
          address: feed,
          abi: developmentPriceFeedAbi,
          functionName: "update",
          args: [price],
        }),
      );
    if (apartBps(price, poolPrice(token) ?? 0n) < LEFT_BPS) continue;
    const { isBuy, amountIn } = tradeTo(token, price);
    if (amountIn === 0n) continue;
    hashes.push(
      await write.writeContract({
        ...from,
        address: tradeRouter(),
        abi: uniswapV2RouterAbi,
        functionName: "swapExactTokensForTokens",
        args: [amountIn, 0n, isBuy ? [usd, token.token] : [token.token, usd], account, maxUint256],
      }),
    );
  }
  await Promise.all(hashes.map((hash) => publicClient().waitForTransactionReceipt({ hash })));
}

/**
 * Moves the market while somebody is moved by it: a strategy runs, or a policy counts by prices. A network that nobody
 * trades on is left alone, and keeps no trades of nobody's. A loop.
 */
export async function driveMarket(): Promise<void> {
  if (!env.isDevelopmentChain) return;
  const watched = await sqlOf(pool).query(
    `SELECT 1 WHERE EXISTS (SELECT 1 FROM agent_strategy WHERE status = 'running')
       OR EXISTS (SELECT 1 FROM agent WHERE status <> 'revoked' AND jsonb_typeof(policy -> 'guards') = 'object')`,
  );
  if (watched.length > 0) await simulateMarket();
}
