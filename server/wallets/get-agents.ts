import type { Address } from "viem";
import { toWire, usd } from "#core/money.ts";
import type { ActivityView, AgentDetail, AgentView } from "#core/schemas/agent.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { dollarCapOf, policyFromJson } from "./agent-policy.ts";
import { getAgentRow, viewActivities, viewAgent } from "./agent-rows.ts";
import { tokenBalance } from "./get-account.ts";

type Page = { limit: number; cursor?: string | undefined };
type PageOf<Item> = { data: Item[]; hasMore: boolean; nextCursor: string | null };

function pageOf<Row extends { id: string }, Item>(rows: Row[], limit: number, items: Item[]): PageOf<Item> {
  const hasMore = rows.length > limit;
  return { data: items, hasMore, nextCursor: hasMore ? (rows[limit - 1]?.id ?? null) : null };
}

export async function listAgents(actor: Actor, input: Page): Promise<PageOf<AgentView>> {
  const rows = await db.agent.findMany({
    where: {
      userId: actor.userId,
      AND: [actor.agentId ? { id: actor.agentId } : {}, input.cursor ? { id: { lt: input.cursor } } : {}],
    },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  return pageOf(rows, input.limit, await Promise.all(rows.slice(0, input.limit).map(viewAgent)));
}

/** An agent with its limits, what is left of them, and its money on the chain and here. */
export async function getAgent(actor: Actor, input: { id: string }): Promise<AgentDetail> {
  const agent = await getAgentRow(actor, input.id);
  const [view, spending, onChain, ledger] = await Promise.all([
    viewAgent(agent),
    agent.status === "revoked" ? { spentInWindow: [] } : signerClient.getAgentSpending({ agentId: agent.id }),
    tokenBalance(agent.account as Address),
    getBalance(agentAccount(agent.id)),
  ]);
  const cap = dollarCapOf(policyFromJson(agent.policy));
  const spent = spending.spentInWindow.find(({ token }) => token === cap.token)?.amount ?? 0n;
  const left = cap.perWindow > spent ? cap.perWindow - spent : 0n;
  return {
    ...view,
    spentInWindow: toWire(usd(spent)),
    leftInWindow: toWire(usd(left)),
    accountBalance: toWire(usd(onChain)),
    ledgerBalance: toWire(usd(ledger.available)),
  };
}

/** What the agent did and what it was refused, newest first. */
export async function listActivity(actor: Actor, input: Page & { id: string }): Promise<PageOf<ActivityView>> {
  await getAgentRow(actor, input.id);
  const rows = await db.agentActivity.findMany({
    where: { agentId: input.id, ...(input.cursor ? { id: { lt: input.cursor } } : {}) },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  return pageOf(rows, input.limit, await viewActivities(rows.slice(0, input.limit)));
}
