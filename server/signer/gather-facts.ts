import { type Address, encodeFunctionData, erc20Abi, type Hex, zeroAddress } from "viem";
import { getAddress } from "viem/utils";
import { z } from "zod";
import { priceFeedAbi } from "#core/generated/abis.ts";
import { LISTED_TOKENS } from "#core/market/listed.ts";
import { PRICE_DECIMALS } from "#core/market/market-view.ts";
import { type GuardFacts, type Guards, hashGuards, needsPrices, type Price } from "#core/policy/guards.ts";
import { ENTRY_POINT_ADDRESS } from "#core/user-operation.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { chainView } from "./chain-view.ts";
import type { Grant } from "./grant.ts";

/** What the chain said for guards, and for which: what was gathered for others counts for nothing. */
export type Facts = Pick<GuardFacts, "usd" | "prices" | "outcome"> & { guardsHash: Hex | null };

async function readPrice(token: Address, feed: Address): Promise<Price | null> {
  const client = chainView();
  const [decimals, digits, [, answer, , updatedAt]] = await Promise.all([
    client.readContract({ address: token, abi: erc20Abi, functionName: "decimals" }),
    client.readContract({ address: feed, abi: priceFeedAbi, functionName: "decimals" }),
    client.readContract({ address: feed, abi: priceFeedAbi, functionName: "latestRoundData" }),
  ]);
  // Another feed's digits would make everything dearer or cheaper by powers of ten.
  return digits === PRICE_DECIMALS ? { decimals, answer, answeredAtSeconds: Number(updatedAt) } : null;
}

async function readPrices(): Promise<Map<Address, Price>> {
  const { contracts } = loadDeployment();
  const prices = new Map<Address, Price>();
  for (const [name, feedName] of LISTED_TOKENS) {
    const [token, feed] = [contracts[name], contracts[feedName]];
    const price = token && feed ? await readPrice(token, feed) : null;
    if (!token || !price) continue;
    prices.set(getAddress(token), price);
    if (name === "WETH") prices.set(zeroAddress, price);
  }
  return prices;
}

/** The tokens whose amounts a try says something about. */
function tokensOf(guards: Guards, usd: Address): Address[] {
  const { contracts } = loadDeployment();
  const listed = LISTED_TOKENS.flatMap(([name]) => contracts[name] ?? []);
  const floors = guards.outcome?.floors.map(({ token }) => token) ?? [];
  return [...new Set([usd, ...listed, ...floors].map((token) => getAddress(token)))];
}

const simulated = z
  .array(z.object({ calls: z.array(z.object({ status: z.string(), returnData: z.string() })) }))
  .length(1);

/** Tries a batch out on the newest block: what the account had before of each token, and would have after. */
async function tryOut(
  account: Address,
  callData: Hex,
  tokens: readonly Address[],
): Promise<NonNullable<GuardFacts["outcome"]>> {
  const looks = tokens.map((to) => ({
    from: ENTRY_POINT_ADDRESS,
    to,
    data: encodeFunctionData({ abi: erc20Abi, functionName: "balanceOf", args: [account] }),
  }));
  const answer = await chainView().request({
    // Not every node's schema in viem knows the parameters as plain hex; the answer is parsed below.
    method: "eth_simulateV1" as never,
    params: [
      {
        blockStateCalls: [{ calls: [...looks, { from: ENTRY_POINT_ADDRESS, to: account, data: callData }, ...looks] }],
        validation: false,
      },
      "latest",
    ] as never,
  });
  const calls = simulated.parse(answer)[0]?.calls ?? [];
  if (calls[tokens.length]?.status !== "0x1") return "fails";
  const amountAt = (index: number) => BigInt(calls[index]?.returnData.slice(0, 66) || "0x0");
  return new Map(
    tokens.map((token, i) => [token, { before: amountAt(i), after: amountAt(tokens.length + 1 + i) }] as const),
  );
}

/** Asks the chain for what an agent's guards need to know: prices, and what the batch would come to. */
export async function gatherFacts({ policy: { guards }, account }: Grant, callData: Hex): Promise<Facts> {
  const usd = getAddress(loadDeployment().contracts.TestUSD);
  if (!guards) return { guardsHash: null, usd, prices: new Map(), outcome: null };
  const [prices, outcome] = await Promise.all([
    needsPrices(guards) ? readPrices() : new Map<Address, Price>(),
    guards.outcome ? tryOut(account, callData, tokensOf(guards, usd)) : null,
  ]);
  return { guardsHash: hashGuards(guards), usd, prices, outcome };
}
