import type { Address } from "viem";
import { tradingCaps, tradingRules } from "#core/policy/trading.ts";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { listTokens, tradeRouter } from "#server/chain/market.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { confirmAgent, createAgent } from "#server/wallets/create-agent.ts";
import { fundAgent } from "#server/wallets/pause-agent.ts";
import {
  createPerson,
  depositFor,
  followUntilQuiet,
  knowAddress,
  type Person,
} from "#server/wallets/testing/wallet-world.ts";

export type Trader = { owner: Person; agentId: string; account: Address };

/** A policy to trade under: every listed token against dollars, through the router, back to the account itself. */
export async function traderPolicy(caps: { perTransaction: bigint; perWindow: bigint }): Promise<PolicyInput> {
  const { TestUSD } = loadDeployment().contracts;
  const [router, tokens] = [tradeRouter(), await listTokens()];
  return {
    perTransactionCap: caps.perTransaction.toString(),
    windowCap: caps.perWindow.toString(),
    windowSeconds: 3_600,
    validUntil: new Date(Date.now() + 86_400_000).toISOString(),
    caps: tradingCaps(tokens.map(({ token }) => ({ token, perTransaction: 10n ** 24n, perWindow: 10n ** 25n }))),
    rules: [...tradingRules({ usd: TestUSD, router, tokens: tokens.map(({ token }) => token) }), { kind: "deposit" }],
  };
}

/** An agent with dollars in its account that may trade. */
export async function makeTrader(
  dollars: bigint,
  caps = { perTransaction: 1_000_000_000n, perWindow: 10_000_000_000n },
  more: PolicyInput["rules"] = [],
): Promise<Trader> {
  const owner = await createPerson();
  await depositFor(userAccount(owner.actor.userId), dollars);
  await followUntilQuiet();
  const policy = await traderPolicy(caps);
  const { agent, operation } = await createAgent(owner.actor, {
    name: "Trader",
    policy: { ...policy, rules: [...policy.rules, ...more] },
  });
  await confirmAgent(owner.actor, { id: agent.id, signature: owner.approve(operation.hash) });
  await followUntilQuiet();
  await knowAddress(owner, agent.account);
  await fundAgent(owner.actor, { id: agent.id, units: dollars.toString() });
  await followUntilQuiet();
  return { owner, agentId: agent.id, account: agent.account as Address };
}
