import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { policyToJson } from "#core/policy/policy.ts";
import type { OwnerSignature, PreparedOperation } from "#core/schemas/account.ts";
import type { AgentView, ImportedKeyInput } from "#core/schemas/agent.ts";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { accountAddress } from "#server/chain/user-operations.ts";
import { db, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentAccount } from "#server/ledger/account-codes.ts";
import { findApprovers, toAgentPolicy } from "./agent-policy.ts";
import { agentSalt, getOwnAgentRow, viewAgent } from "./agent-rows.ts";
import { ensureDepositAccount } from "./deposit-accounts.ts";
import { checkOwnsNothing, getCreator, toImported } from "./import-key.ts";
import { assertOffered, type MadeFrom } from "./policies/policy-templates.ts";
import { recordFirstPolicy } from "./policies/policy-versions.ts";
import { GRANT_PURPOSE, prepareGrantOf } from "./prepare-grant.ts";
import { submitOperation } from "./user-operations.ts";

/**
 * Makes an agent: a key at the signer under the policy, its owner's own where they brought one, and the operation by which its owner deploys the agent's
 * account and grants the key the same policy there. The agent can do nothing until the owner has signed that.
 */
export async function createAgent(
  actor: Actor,
  input: {
    name: string;
    policy: PolicyInput;
    template?: MadeFrom | undefined;
    importedKey?: ImportedKeyInput | undefined;
  },
): Promise<{ agent: AgentView; operation: PreparedOperation }> {
  const personal = await getCreator(actor);
  const { template, importedKey } = input;
  if (template) await assertOffered(template);
  if (importedKey) await checkOwnsNothing(importedKey.address);

  const id = importedKey?.agentId ?? newId("agent");
  const account = await accountAddress(personal.owner, agentSalt(id));
  const approvers = await findApprovers(actor, input.policy);
  const policy = toAgentPolicy(input.policy, { agentId: id, account, approvers });
  const { address: key, importedAt } = await signerClient.createAgentWallet({
    agentId: id,
    account,
    chainId: env.CHAIN_ID,
    policy,
    ...(importedKey ? { imported: toImported(importedKey) } : {}),
  });
  const agent = await db.$transaction(async (tx) => {
    // Of one import sent twice at once, the second waits here and finds the agent of the first.
    await ensureDepositAccount(sqlOf(tx), agentAccount(id));
    if (importedKey && (await tx.agent.findUnique({ where: { id } }))) return null;
    const made = await tx.agent.create({
      data: {
        id,
        userId: actor.userId,
        name: input.name,
        account,
        owner: personal.owner,
        passkeyId: personal.passkeyId,
        key,
        importedAt,
        policy: policyToJson(policy),
        templateId: input.template?.id ?? null,
        templateVersion: input.template?.version ?? null,
      },
    });
    await recordFirstPolicy(sqlOf(tx), id, input.policy, policy);
    return made;
  });
  if (agent === null) return prepareGrant(actor, { id });
  return { agent: await viewAgent(agent), operation: await prepareGrantOf(agent) };
}

/** Prepares the grant again, when the first one was not signed in time. */
export async function prepareGrant(
  actor: Actor,
  input: { id: string },
): Promise<{ agent: AgentView; operation: PreparedOperation }> {
  const agent = await getOwnAgentRow(actor, input.id);
  if (agent.status !== "awaiting-owner")
    throw new DomainError("OPERATION_CLOSED", { message: "This agent was granted its policy already." });
  return { agent: await viewAgent(agent), operation: await prepareGrantOf(agent) };
}

/** Sends the grant with the owner's signature. The agent becomes active when the chain says so. */
export async function confirmAgent(actor: Actor, input: { id: string; signature: OwnerSignature }): Promise<AgentView> {
  const agent = await getOwnAgentRow(actor, input.id);
  const latest = await db.userOperation.findFirst({
    where: { refId: agent.id, purpose: GRANT_PURPOSE, userId: actor.userId },
    orderBy: { createdAt: "desc" },
  });
  if (!latest) throw new DomainError("OPERATION_CLOSED");
  await submitOperation(actor, { id: latest.id, signature: input.signature });
  return viewAgent(agent);
}
