import type { Address } from "viem";
import { toWire, usd } from "#core/money.ts";
import { type Page, type PageInput, toPage } from "#core/page.ts";
import type { ActivityView, AgentDetail, AgentView } from "#core/schemas/agent.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { dollarCapOf, policyFromJson } from "./agent-policy.ts";
import { getAgentRow, viewActivities, viewAgent } from "./agent-rows.ts";
import { tokenBalance } from "./get-account.ts";

export async function listAgents(actor: Actor, input: PageInput): Promise<Page<AgentView>> {
  const rows = await db.agent.findMany({
    where: {
      userId: actor.userId,
      AND: [actor.agentId ? { id: actor.agentId } : {}, input.cursor ? { id: { lt: input.cursor } } : {}],
    },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const page = toPage(rows, input.limit);
  return { ...page, data: await Promise.all(page.data.map(viewAgent)) };
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

type ActivityFilter = { status?: ActivityView["status"] | undefined; kind?: ActivityView["kind"] | undefined };

/** What the agent did and what it was refused, newest first; of one status or one kind where that is asked for. */
export async function listActivity(
  actor: Actor,
  { id, cursor, limit, status, kind }: PageInput & ActivityFilter & { id: string },
): Promise<Page<ActivityView>> {
  await getAgentRow(actor, id);
  const rows = await db.agentActivity.findMany({
    where: {
      agentId: id,
      ...(cursor ? { id: { lt: cursor } } : {}),
      ...(status ? { status } : {}),
      ...(kind ? { kind } : {}),
    },
    orderBy: { id: "desc" },
    take: limit + 1,
  });
  const page = toPage(rows, limit);
  return { ...page, data: await viewActivities(page.data) };
}
