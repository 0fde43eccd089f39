import { type Address, zeroAddress } from "viem";
import { isAddressEqual } from "viem/utils";
import { portfolioValue, unitsWorth } from "#core/market/market-view.ts";
import type { PortfolioView } from "#core/schemas/strategy.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { listTokens, readMarket, readPortfolio } from "#server/chain/market.ts";
import { readHolding } from "#server/chain/read-holding.ts";
import type { Actor } from "#server/identity/actor.ts";
import { policyFromJson } from "#server/wallets/agent-policy.ts";
import { getAgentRow } from "#server/wallets/agent-rows.ts";

type Line = PortfolioView["data"][number];
type Held = { token: Address; symbol: string; decimals: number; amount: bigint };

const ETHER = { token: zeroAddress, symbol: "ETH", decimals: 18 } as const;

const unpriced = ({ amount, ...token }: Held): Line => ({
  ...token,
  amount: amount.toString(),
  value: null,
  shareBps: null,
});

/** Tokens that the agent's limits name and that no feed prices. */
async function readOthers(account: Address, named: readonly Address[], priced: readonly Address[]): Promise<Held[]> {
  const others = named.filter((token) => ![zeroAddress, ...priced].some((known) => isAddressEqual(known, token)));
  const held = await Promise.all(others.map(async (token) => ({ token, holding: await readHolding(token, account) })));
  return held.flatMap(({ token, holding }) => (holding ? [{ token, ...holding }] : []));
}

/** What an agent's account has of dollars, of what is traded, of ether and of every token that its limits name. */
export async function getPortfolio(actor: Actor, { id }: { id: string }): Promise<PortfolioView> {
  const agent = await getAgentRow(actor, id);
  const account = agent.account as Address;
  const usd = loadDeployment().contracts.TestUSD;
  const listed = await listTokens();
  const named = policyFromJson(agent.policy).caps.map(({ token }) => token);
  const [{ tokens }, portfolio, ether, others] = await Promise.all([
    listed.length === 0 ? { tokens: [] } : readMarket(),
    readPortfolio(account),
    publicClient().getBalance({ address: account }),
    readOthers(account, named, [usd, ...listed.map(({ token }) => token)]),
  ]);
  const whole = portfolioValue(portfolio, { tokens });
  const priced = ({ amount, ...token }: Held, value: bigint): Line => ({
    ...token,
    amount: amount.toString(),
    value: value.toString(),
    shareBps: whole === 0n ? 0 : Number((value * 10_000n) / whole),
  });
  return {
    value: whole.toString(),
    data: [
      priced({ token: usd, symbol: "USD", decimals: 6, amount: portfolio.usd }, portfolio.usd),
      ...tokens.map(({ token, symbol, decimals, answer }) => {
        const amount = portfolio.held.get(token) ?? 0n;
        return priced({ token, symbol, decimals, amount }, unitsWorth(amount, decimals, answer));
      }),
      unpriced({ ...ETHER, amount: ether }),
      ...others.map(unpriced),
    ],
  };
}
