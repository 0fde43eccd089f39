import type { Address, Hex } from "viem";
import { keccak256 } from "viem/utils";
import { approvalTypedData, hashApproval } from "#core/approval.ts";
import { DomainError } from "#core/errors.ts";
import { decodeExecution } from "#core/policy/execution.ts";
import type { OwnerSignature } from "#core/schemas/account.ts";
import type { ActivityView } from "#core/schemas/agent.ts";
import type { AgreementRequest, ApprovalRequest } from "#core/schemas/approval.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { listTokens } from "#server/chain/market.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { getPayment, refusalOf } from "./act-as-agent.ts";
import { policyFromJson } from "./agent-policy.ts";
import { getPersonalAccount, ownerOf } from "./get-account.ts";
import { tryOut } from "./market-watch.ts";
import { operationFromJson } from "./operation-rows.ts";
import { encodeSignature } from "./owner.ts";
import { closeAsRefused, isUnsent, markSubmitted } from "./plan-action.ts";
import { listAgreements } from "./policies/policy-agreements.ts";
import { submitSigned } from "./submit-operation.ts";
import { viewToSign } from "./to-sign.ts";

const LISTED_MAX = 50;

const findWaiting = (ids: readonly string[]) =>
  db.agentActivity.findMany({
    where: { status: "awaiting-approval", id: { in: [...ids] } },
    include: { agent: true, approvals: true },
    orderBy: { id: "desc" },
  });
type Waiting = Awaited<ReturnType<typeof findWaiting>>[number];

const approvalsOf = ({ agent }: Waiting) => policyFromJson(agent.policy).guards?.approvals ?? null;

/** The operation that waits, while there is time for it. */
async function operationOf({ userOperationId }: Waiting) {
  const row = userOperationId ? await db.userOperation.findUnique({ where: { id: userOperationId } }) : null;
  if (row?.status !== "prepared" || row.expiresAt <= new Date()) return null;
  return { id: row.id, hash: row.hash as Hex, expiresAt: row.expiresAt, operation: operationFromJson(row.operation) };
}
type Operation = NonNullable<Awaited<ReturnType<typeof operationOf>>>;

const approved = ({ agent }: Waiting, { hash, operation }: Operation) => ({
  chainId: env.CHAIN_ID,
  account: agent.account as Address,
  userOperationHash: hash,
  callDataHash: keccak256(operation.callData),
});

/** What the account would gain and lose of what is traded here. */
async function effectsOf(account: Address, callData: Hex): Promise<ApprovalRequest["effects"]> {
  const usd = { token: loadDeployment().contracts.TestUSD, symbol: "USD", decimals: 6 };
  const [tokens, changes] = await Promise.all([listTokens(), tryOut(account, callData)]);
  if (!changes) return null;
  return [usd, ...tokens].flatMap(({ token, symbol, decimals }) => {
    const change = changes.get(token.toLowerCase()) ?? 0n;
    return change === 0n ? [] : [{ token, symbol, decimals, change: change.toString() }];
  });
}

/** What waits for somebody's approval: of the agents whose policies name them, and of their own agents. */
export async function listApprovals(actor: Actor): Promise<{ data: ApprovalRequest[]; policies: AgreementRequest[] }> {
  const personal = await getPersonalAccount(actor.userId);
  const own = personal?.owner.toLowerCase();
  const ids = await sqlOf(pool).query<{ id: string }>(
    `SELECT a.id FROM agent_activity a JOIN agent g ON g.id = a.agent_id
     WHERE a.status = 'awaiting-approval'
       AND (g.user_id = $1 OR g.policy -> 'guards' -> 'approvals' -> 'approvers' @> $2::jsonb)
     ORDER BY a.id DESC LIMIT ${LISTED_MAX}`,
    [actor.userId, JSON.stringify([{ owner: own ?? "" }])],
  );
  const rows = await findWaiting(ids.map(({ id }) => id));
  const views = await Promise.all(rows.map((row) => viewRequest(row, actor)));
  return { data: views.filter((view) => view !== null), policies: await listAgreements(actor) };
}

async function viewRequest(row: Waiting, actor: Actor): Promise<ApprovalRequest | null> {
  const approvals = approvalsOf(row);
  const [operation, personal, owner] = await Promise.all([
    operationOf(row),
    getPersonalAccount(actor.userId),
    db.user.findUnique({ where: { id: row.agent.userId }, select: { name: true } }),
  ]);
  if (!approvals || !operation) return null;
  const own = personal?.owner.toLowerCase();
  const isApprover = approvals.approvers.some(({ owner }) => owner === own);
  const hasApproved = row.approvals.some(({ owner }) => owner === own);
  const { callData } = operation.operation;
  const facts = approved(row, operation);
  return {
    id: row.id,
    agent: { id: row.agent.id, name: row.agent.name, account: row.agent.account },
    owner: { id: row.agent.userId, name: owner?.name ?? null, isYou: row.agent.userId === actor.userId },
    kind: row.kind as ApprovalRequest["kind"],
    calls: decodeExecution(callData).calls.map(({ target, value, data }) => ({
      target,
      value: value.toString(),
      data,
    })),
    effects: await effectsOf(row.agent.account as Address, callData),
    over: approvals.over.toString(),
    needed: approvals.needed,
    approved: row.approvals.map(({ owner, createdAt }) => ({
      name: approvals.approvers.find((one) => one.owner === owner)?.name ?? owner,
      at: createdAt.toISOString(),
    })),
    toSign:
      personal && isApprover && !hasApproved
        ? await viewToSign(hashApproval(facts), approvalTypedData(facts), ownerOf(personal))
        : null,
    userOperationHash: operation.hash,
    callDataHash: facts.callDataHash,
    createdAt: row.createdAt.toISOString(),
    expiresAt: operation.expiresAt.toISOString(),
  };
}

async function getWaiting(id: string): Promise<Waiting> {
  const [row] = await findWaiting([id]);
  if (!row) throw new DomainError("NOT_FOUND");
  return row;
}

/**
 * Takes an approver's signature for one operation, and has it signed and sent once there are enough. A signature that is
 * none, or of another operation, counts for nothing at the signer, whatever is written down here.
 */
export async function approveAction(
  actor: Actor,
  { id, signature }: { id: string; signature: OwnerSignature },
): Promise<ActivityView> {
  if (actor.agentId) throw new DomainError("FORBIDDEN");
  const row = await getWaiting(id);
  const [approvals, personal] = [approvalsOf(row), await getPersonalAccount(actor.userId)];
  const owner = personal?.owner.toLowerCase();
  // Whoever is not named does not hear that there is anything to approve.
  if (!owner || !approvals?.approvers.some((one) => one.owner === owner)) throw new DomainError("NOT_FOUND");
  const operation = await operationOf(row);
  if (!operation) throw new DomainError("OPERATION_CLOSED");
  await db.agentApproval.upsert({
    where: { activityId_owner: { activityId: id, owner } },
    create: { activityId: id, owner, userId: actor.userId, signature: encodeSignature(owner as Hex, signature) },
    update: { signature: encodeSignature(owner as Hex, signature) },
  });
  const given = await db.agentApproval.findMany({ where: { activityId: id } });
  if (given.length >= approvals.needed) await signApproved(row, operation, given);
  return getPayment({ ...actor, userId: row.agent.userId }, { id: row.agentId, paymentId: id });
}

async function signApproved(
  row: Waiting,
  { id, operation }: Operation,
  given: readonly { owner: string; signature: string }[],
): Promise<void> {
  const { signature: _, ...userOperation } = operation;
  try {
    const { signature, ...judgement } = await signerClient.signUserOperation({
      agentId: row.agentId,
      chainId: env.CHAIN_ID,
      entryPoint: loadDeployment().contracts.EntryPoint,
      userOperation,
      approvals: given.map(({ owner, signature: signed }) => ({ owner: owner as Hex, signature: signed as Hex })),
    });
    await submitSigned(id, signature, (sql) => markSubmitted(sql, row.id, judgement));
  } catch (error) {
    // Another approver's signature was enough a moment ago: it is on its way.
    if (error instanceof DomainError && error.code === "OPERATION_CLOSED" && !(await isUnsent(row.id))) return;
    const refusal = refusalOf(error);
    // Too few true signatures: it goes on waiting for them. Any other refusal is the end of it.
    if (refusal && refusal.rule !== "approvals") await closeAsRefused(id, refusal);
    throw error;
  }
}

/** Says no to an action that waits: it is over. An approver does, or the agent's owner. */
export async function rejectAction(
  actor: Actor,
  { id, reason }: { id: string; reason: string },
): Promise<ActivityView> {
  if (actor.agentId) throw new DomainError("FORBIDDEN");
  const row = await getWaiting(id);
  const own = (await getPersonalAccount(actor.userId))?.owner.toLowerCase();
  const isNamed = approvalsOf(row)?.approvers.some(({ owner }) => owner === own) === true;
  if (!isNamed && row.agent.userId !== actor.userId) throw new DomainError("NOT_FOUND");
  const refusal = { refusedBy: "approver", rule: "rejected", value: reason, fix: "Ask whoever said no." } as const;
  if (row.userOperationId) await closeAsRefused(row.userOperationId, refusal);
  return getPayment({ ...actor, userId: row.agent.userId }, { id: row.agentId, paymentId: id });
}
