import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { Refusal } from "#core/schemas/agent.ts";
import type { Judgement } from "#core/schemas/signer.ts";
import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { askedBy, noteSigned, type Turn } from "./action-record.ts";
import type { EncodedAction } from "./agent-actions.ts";
import { type AgentRow, accountOfAgent } from "./agent-rows.ts";
import { takeLaneIn } from "./operation-rows.ts";

/** An action as it is written down, and the row of the operation that carries it. */
export type Plan = { id: string; status: string; operationId: string };

const NOT_SENT = "Not sent: it was interrupted and not repeated in time. Nothing was paid.";

/**
 * Writes down what an agent is going to do, with the lane of nonces it will use, before anything is signed. A key that
 * was used before answers with the first plan, whatever has become of it; another action under it is an error.
 */
export async function planAction(
  actor: Actor,
  agent: AgentRow,
  action: EncodedAction,
  { key, turn }: { key?: string | undefined; turn?: Turn | undefined },
): Promise<Plan> {
  const id = newId("payment");
  const operationId = newId("userOperation");
  const requestKey = key === undefined ? id : `${actor.agentId ?? actor.userId} ${key}`;
  const isNew = await withTransaction(async (sql) => {
    const added = await sql.query(
      `INSERT INTO agent_activity
         (id, agent_id, kind, status, request_key, call_data_hash, call_data, recipient, amount, inference_id, user_operation_id,
          asked_by, updated_at)
       VALUES ($1, $2, $3, 'planned', $4, $5, $6, $7, $8, $9, $10, $11::jsonb, now())
       ON CONFLICT (request_key) DO NOTHING RETURNING id`,
      [
        id,
        agent.id,
        action.kind,
        requestKey,
        action.callDataHash,
        action.callData,
        action.recipient,
        action.amount,
        action.inferenceId,
        operationId,
        JSON.stringify(askedBy(actor, turn)),
      ],
    );
    if (added.length === 0) return false;
    const purpose = { userId: agent.userId, agentId: agent.id, purpose: "agent-action", refId: id };
    await takeLaneIn(sql, accountOfAgent(agent).address, purpose, operationId);
    return true;
  });
  return isNew ? { id, status: "planned", operationId } : findPlan(agent, action, requestKey);
}

async function findPlan(agent: AgentRow, action: EncodedAction, requestKey: string): Promise<Plan> {
  await closeAbandoned(requestKey);
  const [first] = await sqlOf(pool).query<Plan & { agentId: string; kind: string; callDataHash: string }>(
    `SELECT id, status, user_operation_id AS "operationId", agent_id AS "agentId", kind, call_data_hash AS "callDataHash"
       FROM agent_activity WHERE request_key = $1`,
    [requestKey],
  );
  // Its first attempt was refused a moment ago, which has freed the key.
  if (!first) throw new DomainError("IDEMPOTENCY_IN_PROGRESS", { retryAfterSeconds: 1 });
  const isSame = first.agentId === agent.id && first.kind === action.kind && first.callDataHash === action.callDataHash;
  if (!isSame) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
  return { id: first.id, status: first.status, operationId: first.operationId };
}

/** How long people have to approve. The fees an operation offers have to be good for as long. */
const APPROVAL_HOURS = 24;

/** An action waits for people's approval: its operation and its lane are kept for them. */
export async function awaitApproval({ id, operationId }: Plan): Promise<void> {
  await withTransaction(async (sql) => {
    await sql.query(
      `UPDATE user_operation SET expires_at = now() + make_interval(hours => ${APPROVAL_HOURS}) WHERE id = $1 AND status = 'prepared'`,
      [operationId],
    );
    await sql.query(
      "UPDATE agent_activity SET status = 'awaiting-approval', updated_at = now() WHERE id = $1 AND status = 'planned'",
      [id],
    );
  });
}

/** Runs in the transaction that orders the operation. */
export async function markSubmitted(sql: Sql, id: string, given: Judgement): Promise<void> {
  const changed = await sql.query(
    "UPDATE agent_activity SET status = 'submitted', updated_at = now() WHERE id = $1 AND status IN ('planned', 'awaiting-approval') RETURNING id",
    [id],
  );
  if (changed.length === 0) throw new DomainError("OPERATION_CLOSED");
  await noteSigned(sql, id, given);
}

/** Whether nothing of a plan was ordered; it may be given up or refused by now. */
export async function isUnsent(id: string): Promise<boolean> {
  const rows = await sqlOf(pool).query(
    "SELECT 1 FROM agent_activity WHERE id = $1 AND status IN ('planned', 'awaiting-approval', 'refused')",
    [id],
  );
  return rows.length > 0;
}

/**
 * Nothing was sent and nothing will be: the operation goes, its lane and its nonce are free, and so is the caller's
 * key. False when the operation was ordered or closed before.
 */
export async function closeAsRefused(operationId: string, refusal: Refusal): Promise<boolean> {
  const closed = await sqlOf(pool).query(
    `WITH closed AS (DELETE FROM user_operation WHERE id = $1 AND status = 'prepared' RETURNING id)
     UPDATE agent_activity SET status = 'refused', refusal = $2::jsonb, request_key = agent_activity.id, user_operation_id = NULL,
            updated_at = now()
       FROM closed WHERE user_operation_id = closed.id AND status IN ('planned', 'awaiting-approval') RETURNING agent_activity.id`,
    [operationId, JSON.stringify(refusal)],
  );
  return closed.length > 0;
}

const CLOSE_AS_FAILED = (which: string) =>
  `WITH closed AS (
     UPDATE user_operation SET status = 'failed', error = $1, updated_at = now()
      WHERE status = 'prepared' AND ${which} RETURNING id)
   UPDATE agent_activity SET status = 'failed', updated_at = now()
     FROM closed WHERE user_operation_id = closed.id AND status IN ('planned', 'awaiting-approval') RETURNING agent_activity.id`;

/** The plan is given up unsent; its key stays with it. False when the operation was ordered or closed before. */
export async function closeAsFailed(operationId: string, reason: string): Promise<boolean> {
  return (await sqlOf(pool).query(CLOSE_AS_FAILED("id = $2"), [reason, operationId])).length > 0;
}

/** Gives up the plan of a key when its time is over. */
const closeAbandoned = (requestKey: string) =>
  sqlOf(pool).query(
    CLOSE_AS_FAILED(
      "expires_at <= now() AND id = (SELECT user_operation_id FROM agent_activity WHERE request_key = $2)",
    ),
    [NOT_SENT, requestKey],
  );

/** Gives up every plan that nobody carried on in time: its process died, or its caller did. */
export async function closeAllAbandoned(): Promise<number> {
  const closed = await sqlOf(pool).query(CLOSE_AS_FAILED("agent_id IS NOT NULL AND expires_at <= now()"), [NOT_SENT]);
  return closed.length;
}
