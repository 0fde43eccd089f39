import type { Address } from "viem";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { Guards } from "#core/policy/guards.ts";
import { type AgentPolicy, hashPolicy, policyToJson } from "#core/policy/policy.ts";
import { isPolicyWithin } from "#core/policy/policy-within.ts";
import type { PreparedOperation } from "#core/schemas/account.ts";
import { type PolicyInput, policyInput } from "#core/schemas/agent-policy.ts";
import { type PolicyVersionView, policyVersionStatus } from "#core/schemas/policy-version.ts";
import type { AgentPolicyVersion } from "#generated/prisma/client.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db, type Sql, withTransaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { findApprovers, policyFromJson, toAgentPolicy, viewPolicy } from "../agent-policy.ts";
import { type AgentRow, getAgentRow, getOwnAgentRow } from "../agent-rows.ts";
import { prepareGrantOf } from "../prepare-grant.ts";
import { othersFor, signedAgreements } from "./policy-agreements.ts";

/** How long a wider policy waits before its owner can sign it: time to notice what somebody else staged. */
const TIMELOCK_SECONDS = env.isDevelopmentChain ? 15 : 86_400;

/** How long a policy waits before it can take the place of another: not at all when it allows nothing new. */
export const waitSecondsOf = (policy: AgentPolicy, before: AgentPolicy): number =>
  isPolicyWithin(policy, before) ? 0 : TIMELOCK_SECONDS;

const isOpen = ({ status }: AgentPolicyVersion): boolean => status === "staged" || status === "waiting-owner";

type Version = AgentPolicyVersion & { agent: AgentRow; agreements: readonly { userId: string }[] };
const WITH_AGREEMENTS = { agent: true, agreements: { select: { userId: true } } } as const;

const viewVersion = (row: Version): PolicyVersionView => ({
  number: row.number,
  status: policyVersionStatus.parse(row.status),
  isNarrower: row.isNarrower,
  policyHash: row.policyHash,
  source: policyInput.parse(row.source),
  policy: viewPolicy(policyFromJson(row.policy)),
  effectiveAt: row.effectiveAt.toISOString(),
  isDue: isOpen(row) && row.effectiveAt <= new Date(),
  others: {
    needed: isOpen(row) ? othersFor(policyFromJson(row.agent.policy), policyFromJson(row.policy)) : 0,
    agreed: row.agreements.map(({ userId }) => userId),
  },
  createdAt: row.createdAt.toISOString(),
  activeAt: row.activeAt?.toISOString() ?? null,
});

/** All versions of an agent's policy, newest first. */
export async function listPolicies(actor: Actor, { id }: { id: string }): Promise<{ data: PolicyVersionView[] }> {
  const agent = await getAgentRow(actor, id);
  const rows = await db.agentPolicyVersion.findMany({
    where: { agentId: agent.id },
    orderBy: { number: "desc" },
    take: 50,
    include: WITH_AGREEMENTS,
  });
  return { data: rows.map(viewVersion) };
}

/** Writes down the first version, with the agent. */
export async function recordFirstPolicy(
  sql: Sql,
  agentId: string,
  source: PolicyInput,
  policy: AgentPolicy,
): Promise<void> {
  await insertVersion(sql, {
    agentId,
    source,
    policy,
    isNarrower: false,
    status: "waiting-owner",
    effectiveAt: new Date(),
  });
}

type NewVersion = {
  agentId: string;
  source: PolicyInput;
  policy: AgentPolicy;
  isNarrower: boolean;
  status: "staged" | "waiting-owner";
  effectiveAt: Date;
};

async function insertVersion(
  sql: Sql,
  { agentId, source, policy, isNarrower, status, effectiveAt }: NewVersion,
): Promise<number> {
  const [row] = await sql.query<{ number: number }>(
    `INSERT INTO agent_policy_version (id, agent_id, number, source, policy, policy_hash, is_narrower, status, effective_at)
     SELECT $1, $2, coalesce(max(number), 0) + 1, $3::jsonb, $4::jsonb, $5, $6, $7, $8::timestamptz
     FROM agent_policy_version WHERE agent_id = $2 RETURNING number`,
    [
      newId("agentPolicy"),
      agentId,
      JSON.stringify(source),
      JSON.stringify(policyToJson(policy)),
      hashPolicy(policy),
      isNarrower,
      status,
      effectiveAt.toISOString(),
    ],
  );
  if (!row) throw new Error("A version was written down and is not there.");
  return row.number;
}

/** A policy as its owner wrote it for an agent, checked and in the form that signer and contract hold. */
export async function readProposed(actor: Actor, agent: AgentRow, input: PolicyInput): Promise<AgentPolicy> {
  const approvers = await findApprovers(actor, input);
  return toAgentPolicy(input, { agentId: agent.id, account: agent.account as Address, approvers });
}

/**
 * Takes a policy for an agent. One that allows nothing new holds at the signer before this answers; the contract follows
 * when the owner signs. One that allows more is staged, and can be signed when its time has come.
 */
export async function proposePolicy(
  actor: Actor,
  input: { id: string; policy: PolicyInput },
): Promise<PolicyVersionView> {
  const agent = await getOwnAgentRow(actor, input.id);
  if (agent.status === "awaiting-owner") throw new DomainError("AGENT_NOT_READY");
  if (agent.status === "revoked") throw new DomainError("AGENT_REVOKED");
  const [before, policy] = [policyFromJson(agent.policy), await readProposed(actor, agent, input.policy)];
  if (hashPolicy(before) === hashPolicy(policy)) throw new DomainError("POLICY_UNCHANGED");
  const isNarrower = isPolicyWithin(policy, before);
  // The signer judges by itself whether it is narrower, so nothing is written down before it has agreed.
  if (isNarrower) await signerClient.narrowAgentPolicy({ agentId: agent.id, policy });
  const number = await withTransaction(async (sql) => {
    await sql.query("SELECT 1 FROM agent WHERE id = $1 FOR UPDATE", [agent.id]);
    await sql.query(
      "UPDATE agent_policy_version SET status = 'withdrawn' WHERE agent_id = $1 AND status IN ('staged', 'waiting-owner')",
      [agent.id],
    );
    if (isNarrower)
      await sql.query("UPDATE agent SET policy = $2::jsonb, updated_at = now() WHERE id = $1", [
        agent.id,
        JSON.stringify(policyToJson(policy)),
      ]);
    return insertVersion(sql, {
      agentId: agent.id,
      source: input.policy,
      policy,
      isNarrower,
      status: isNarrower ? "waiting-owner" : "staged",
      effectiveAt: new Date(Date.now() + (isNarrower ? 0 : TIMELOCK_SECONDS * 1_000)),
    });
  });
  return getVersion(agent.id, number);
}

async function getVersion(agentId: string, number: number): Promise<PolicyVersionView> {
  const row = await db.agentPolicyVersion.findUnique({
    where: { agentId_number: { agentId, number } },
    include: WITH_AGREEMENTS,
  });
  if (!row) throw new DomainError("NOT_FOUND");
  return viewVersion(row);
}

/** Gives a version up that is not on the chain. A narrower one holds at the signer all the same. */
export async function withdrawPolicy(actor: Actor, input: { id: string; number: number }): Promise<PolicyVersionView> {
  const agent = await getOwnAgentRow(actor, input.id);
  await db.agentPolicyVersion.updateMany({
    where: { agentId: agent.id, number: input.number, status: { in: ["staged", "waiting-owner"] } },
    data: { status: "withdrawn" },
  });
  return getVersion(agent.id, input.number);
}

/** Prepares the owner's operation that gives the contract a version whose time has come. */
export async function preparePolicy(
  actor: Actor,
  input: { id: string; number: number },
): Promise<{ version: PolicyVersionView; operation: PreparedOperation }> {
  const agent = await getOwnAgentRow(actor, input.id);
  const row = await db.agentPolicyVersion.findUnique({
    where: { agentId_number: { agentId: agent.id, number: input.number } },
    include: WITH_AGREEMENTS,
  });
  if (!row) throw new DomainError("NOT_FOUND");
  if (row.status !== "staged" && row.status !== "waiting-owner") throw new DomainError("OPERATION_CLOSED");
  if (row.effectiveAt > new Date())
    throw new DomainError("POLICY_STAGED", { effectiveAt: row.effectiveAt.toISOString() });
  const needed = othersFor(policyFromJson(agent.policy), policyFromJson(row.policy));
  if (row.agreements.length < needed)
    throw new DomainError("POLICY_NEEDS_OTHERS", { needed, agreed: row.agreements.length });
  return { version: viewVersion(row), operation: await prepareGrantOf(agent, policyFromJson(row.policy)) };
}

/** The guards of the versions so far, newest first: the chain has a hash of one of them. */
async function knownGuards(agentId: string): Promise<Guards[]> {
  const rows = await db.agentPolicyVersion.findMany({
    where: { agentId },
    orderBy: { number: "desc" },
    take: 32,
    select: { policy: true },
  });
  return rows.flatMap(({ policy }) => policyFromJson(policy).guards ?? []);
}

/**
 * The chain has a policy of the agent's key. The signer takes it up from there itself, and the version is marked by what
 * the signer says it is. A job: safe to run again.
 */
export async function adoptPolicy({ agentId }: { agentId: string }): Promise<void> {
  const { policyHash } = await signerClient
    .adoptAgentPolicy({
      agentId,
      guards: await knownGuards(agentId),
      agreements: await signedAgreements(agentId),
    })
    .catch((error: unknown) => {
      // It was narrowed here since: what the chain has is of before, and stays turned away from.
      if (error instanceof DomainError && error.code === "POLICY_WIDENING_REFUSED") return { policyHash: null };
      // It waits for others; the next who agrees has it looked at again.
      if (error instanceof DomainError && error.code === "POLICY_NEEDS_OTHERS") return { policyHash: null };
      throw error;
    });
  if (policyHash === null) return;
  await withTransaction(async (sql) => {
    const [active] = await sql.query<{ number: number; policy: object }>(
      `UPDATE agent_policy_version SET status = 'active', active_at = coalesce(active_at, now())
       WHERE agent_id = $1 AND policy_hash = $2 AND number = (SELECT max(number) FROM agent_policy_version
         WHERE agent_id = $1 AND policy_hash = $2) RETURNING number, policy`,
      [agentId, policyHash],
    );
    if (!active) return;
    await sql.query(
      "UPDATE agent_policy_version SET status = 'replaced' WHERE agent_id = $1 AND number <> $2 AND status IN ('active', 'waiting-owner', 'staged') AND number < $2",
      [agentId, active.number],
    );
    await sql.query("UPDATE agent SET policy = $2::jsonb, updated_at = now() WHERE id = $1", [
      agentId,
      JSON.stringify(active.policy),
    ]);
  });
}
