import { type Address, zeroAddress } from "viem";
import { getAddress } from "viem/utils";
import { diffPolicy } from "#core/policy/diff-policy.ts";
import { type DryRunContext, dryRun, type PastAction } from "#core/policy/dry-run.ts";
import type { Price } from "#core/policy/guards.ts";
import { hashPolicy } from "#core/policy/policy.ts";
import { isPolicyWithin } from "#core/policy/policy-within.ts";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import type { PolicyPreview } from "#core/schemas/policy-version.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { listTokens } from "#server/chain/market.ts";
import type { Actor } from "#server/identity/actor.ts";
import { policyFromJson, viewPolicy } from "#server/wallets/agent-policy.ts";
import { getAgentRow } from "#server/wallets/agent-rows.ts";
import { pastActions } from "#server/wallets/policies/past-actions.ts";
import { readProposed, waitSecondsOf } from "#server/wallets/policies/policy-versions.ts";
import { pricesAt } from "./market/market-history.ts";
import { pastPurchases } from "./past-purchases.ts";

/** What a policy is tried out on. */
const TRIED = { days: 30, max: 2_000 };

/** Ether costs what its wrapped token does. */
function withEther(prices: ReadonlyMap<Address, Price> | undefined): ReadonlyMap<Address, Price> {
  const { WETH } = loadDeployment().contracts;
  const price = WETH && prices?.get(getAddress(WETH));
  return price ? new Map([...(prices ?? []), [zeroAddress, price]]) : (prices ?? new Map());
}

/** What the agent did, bought and was refused, oldest first, with what prices were then. */
async function pastOf(agentId: string): Promise<{ past: PastAction[]; leftOut: number }> {
  const [actions, purchases] = await Promise.all([pastActions(agentId, TRIED), pastPurchases(agentId, TRIED)]);
  const prices = await pricesAt(actions.items.map(({ atSeconds }) => atSeconds));
  const priced = actions.items.map((action) => ({ ...action, prices: withEther(prices.get(action.atSeconds)) }));
  const past = [...priced, ...purchases.items].toSorted((a, b) => a.atSeconds - b.atSeconds);
  return { past, leftOut: actions.count + purchases.count - past.length };
}

/** What has a price, so that its value is known now and was known then where it was noted. */
async function marketOf(): Promise<DryRunContext["market"]> {
  const { TestUSD, WETH } = loadDeployment().contracts;
  const tokens = (await listTokens()).map(({ token }) => getAddress(token));
  const hasEther = WETH !== undefined && tokens.includes(getAddress(WETH));
  return { usd: getAddress(TestUSD), priced: new Set([...tokens, ...(hasEther ? [zeroAddress] : [])]) };
}

/** What a policy would change, and what it would have changed in the last thirty days. Nothing is kept. */
export async function previewPolicy(actor: Actor, input: { id: string; policy: PolicyInput }): Promise<PolicyPreview> {
  const agent = await getAgentRow(actor, input.id);
  const account = agent.account as Address;
  const [before, after] = [policyFromJson(agent.policy), await readProposed(actor, agent, input.policy)];
  const [{ past, leftOut }, market] = await Promise.all([pastOf(agent.id), marketOf()]);
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const { changes, ...tried } = dryRun(after, past, { account, nowSeconds, market });
  return {
    changes: diffPolicy(before, after),
    isNarrower: isPolicyWithin(after, before),
    policyHash: hashPolicy(after),
    policy: viewPolicy(after),
    waitSeconds: waitSecondsOf(after, before),
    dryRun: {
      days: TRIED.days,
      leftOut,
      ...tried,
      changes: changes.map(({ atSeconds, ...change }) => ({
        ...change,
        at: new Date(atSeconds * 1_000).toISOString(),
      })),
    },
  };
}
