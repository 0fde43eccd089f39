import type { Address, Hex } from "viem";
import { agreementTypedData, hashAgreement } from "#core/approval.ts";
import { DomainError } from "#core/errors.ts";
import { diffPolicy } from "#core/policy/diff-policy.ts";
import { othersNeeded } from "#core/policy/guards.ts";
import type { AgentPolicy } from "#core/policy/policy.ts";
import { isPolicyWithin } from "#core/policy/policy-within.ts";
import type { OwnerSignature } from "#core/schemas/account.ts";
import type { AgreementRequest } from "#core/schemas/approval.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { addJob } from "#server/queue.ts";
import { dollarCapOf, policyFromJson } from "../agent-policy.ts";
import { getPersonalAccount, ownerOf } from "../get-account.ts";
import { encodeSignature } from "../owner.ts";
import { viewToSign } from "../to-sign.ts";

const LISTED_MAX = 50;
const OPEN = ["staged", "waiting-owner"];

/** How many others have to agree to a policy after this one; to one that allows nothing new, nobody. */
export const othersFor = (before: AgentPolicy, after: AgentPolicy): number =>
  isPolicyWithin(after, before) ? 0 : othersNeeded(before.guards, after.guards, dollarCapOf(after).perWindow);

const findOpen = (where: object) =>
  db.agentPolicyVersion.findMany({
    where: { status: { in: OPEN }, ...where },
    include: { agent: true, agreements: true },
    orderBy: { id: "desc" },
    take: LISTED_MAX,
  });
type Open = Awaited<ReturnType<typeof findOpen>>[number];

const askedOf = ({ agent }: Open) => policyFromJson(agent.policy).guards?.changes ?? null;

async function viewRequest(row: Open, actor: Actor, own: string | undefined): Promise<AgreementRequest | null> {
  const [before, after, asked] = [policyFromJson(row.agent.policy), policyFromJson(row.policy), askedOf(row)];
  const needed = othersFor(before, after);
  if (!asked || needed === 0) return null;
  const [personal, owner] = await Promise.all([
    getPersonalAccount(actor.userId),
    db.user.findUnique({ where: { id: row.agent.userId }, select: { name: true } }),
  ]);
  const wanted = {
    chainId: env.CHAIN_ID,
    account: row.agent.account as Address,
    policyHash: row.policyHash as Hex,
  };
  const isAsked = asked.approvers.some((one) => one.owner === own);
  const hasAgreed = row.agreements.some((one) => one.owner === own);
  return {
    agent: { id: row.agentId, name: row.agent.name, account: row.agent.account },
    owner: { id: row.agent.userId, name: owner?.name ?? null, isYou: row.agent.userId === actor.userId },
    number: row.number,
    policyHash: row.policyHash,
    changes: diffPolicy(before, after),
    needed,
    agreed: row.agreements.map((one) => asked.approvers.find((by) => by.owner === one.owner)?.name ?? one.owner),
    toSign:
      personal && isAsked && !hasAgreed
        ? await viewToSign(hashAgreement(wanted), agreementTypedData(wanted), ownerOf(personal))
        : null,
    createdAt: row.createdAt.toISOString(),
  };
}

/** Policies that wait for somebody's agreement: where they are asked, and of their own agents. */
export async function listAgreements(actor: Actor): Promise<AgreementRequest[]> {
  const own = (await getPersonalAccount(actor.userId))?.owner.toLowerCase();
  const ids = await sqlOf(pool).query<{ id: string }>(
    `SELECT v.id FROM agent_policy_version v JOIN agent g ON g.id = v.agent_id
     WHERE v.status = ANY($3) AND (g.user_id = $1 OR g.policy -> 'guards' -> 'changes' -> 'approvers' @> $2::jsonb)
     ORDER BY v.id DESC LIMIT ${LISTED_MAX}`,
    [actor.userId, JSON.stringify([{ owner: own ?? "" }]), OPEN],
  );
  const rows = await findOpen({ id: { in: ids.map(({ id }) => id) } });
  const views = await Promise.all(rows.map((row) => viewRequest(row, actor, own)));
  return views.filter((view) => view !== null);
}

/**
 * Takes another person's signature for a policy. The signer counts it when the policy is on the chain; where that is so
 * already, it is asked again.
 */
export async function agreeToPolicy(
  actor: Actor,
  { id, number, signature }: { id: string; number: number; signature: OwnerSignature },
): Promise<{ agreed: number; needed: number }> {
  if (actor.agentId) throw new DomainError("FORBIDDEN");
  const [row] = await findOpen({ agentId: id, number });
  const own = (await getPersonalAccount(actor.userId))?.owner.toLowerCase();
  // Whoever is not asked does not hear that there is anything to agree to.
  if (!row || !own || !askedOf(row)?.approvers.some(({ owner }) => owner === own)) throw new DomainError("NOT_FOUND");
  const encoded = encodeSignature(own as Hex, signature);
  await db.agentPolicyAgreement.upsert({
    where: { versionId_owner: { versionId: row.id, owner: own } },
    create: { versionId: row.id, owner: own, userId: actor.userId, signature: encoded },
    update: { signature: encoded },
  });
  await addJob(sqlOf(pool), "adopt-agent-policy", { agentId: id }, { jobKey: `adopt-agent-policy:${id}` });
  const agreed = await db.agentPolicyAgreement.count({ where: { versionId: row.id } });
  return { agreed, needed: othersFor(policyFromJson(row.agent.policy), policyFromJson(row.policy)) };
}

/** All signatures for policies of an agent that are not on the chain yet, for the signer to count. */
export async function signedAgreements(agentId: string): Promise<{ owner: Hex; signature: Hex }[]> {
  const rows = await db.agentPolicyAgreement.findMany({
    where: { version: { agentId, status: { in: OPEN } } },
    orderBy: { createdAt: "desc" },
    take: 64,
  });
  return rows.map(({ owner, signature }) => ({ owner: owner as Hex, signature: signature as Hex }));
}
