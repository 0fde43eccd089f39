import { DomainError } from "#core/errors.ts";
import type { ActivityView, Refusal, SimulationView } from "#core/schemas/agent.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { buildUserOperation, nextNonce, simulateExecution } from "#server/chain/user-operations.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { noteBreakers, noteJudged, type Turn } from "./action-record.ts";
import {
  type Action,
  type CallInput,
  type EncodedAction,
  encodeAction,
  freeCalls,
  ledgerDeposit,
  payment,
} from "./agent-actions.ts";
import { type AgentRow, accountOfAgent, getAgentRow, getOwnAgentRow, viewActivities } from "./agent-rows.ts";
import { passBreakers } from "./breakers.ts";
import { findUnsent, keepOperation, type PreparedRow } from "./operation-rows.ts";
import {
  awaitApproval,
  closeAsFailed,
  closeAsRefused,
  isUnsent,
  markSubmitted,
  type Plan,
  planAction,
} from "./plan-action.ts";
import { submitSigned } from "./submit-operation.ts";

/** The steps of an action that ask somebody else. */
export type ActionPorts = {
  evaluate: typeof signerClient.evaluateExecution;
  build: typeof buildUserOperation;
  sign: typeof signerClient.signUserOperation;
  order: typeof submitSigned;
};

/** The signer, the chain and the outbox themselves. */
export const PORTS: ActionPorts = {
  evaluate: signerClient.evaluateExecution,
  build: buildUserOperation,
  sign: signerClient.signUserOperation,
  order: submitSigned,
};

/**
 * The caller's Idempotency-Key, when there is one: the same action under the same key happens once. And the strategy's turn
 * that it comes from, when it does.
 */
type Keyed = { key?: string | undefined; turn?: Turn | undefined };

/** Pays dollars from the agent's account to an address that its policy names. */
export const payAsAgent = (
  actor: Actor,
  input: { id: string; recipient: string; units: string; inferenceId?: string | undefined } & Keyed,
  ports: ActionPorts = PORTS,
): Promise<ActivityView> => actAsAgent(actor, input, payment(input), ports);

/** Moves dollars from the agent's account into its balance here, to buy inference with. */
export const depositAsAgent = (
  actor: Actor,
  input: { id: string; units: string } & Keyed,
  ports: ActionPorts = PORTS,
): Promise<ActivityView> => actAsAgent(actor, input, ledgerDeposit(input.id, input.units), ports);

/** Makes any calls that the agent's policy allows, each with the proof its rule wants. */
export const callAsAgent = (
  actor: Actor,
  input: { id: string; calls: CallInput[] } & Keyed,
  ports: ActionPorts = PORTS,
): Promise<ActivityView> => actAsAgent(actor, input, freeCalls(input.calls), ports);

/**
 * Carries out an action with the agent's own key: the signer judges the bytes, the chain is asked what they would do,
 * the signer signs exactly those bytes, and the operation is ordered. Refusals are kept in the agent's history.
 *
 * What happens is decided by rows that only ever move on: the plan, under the caller's key; the one operation it will
 * sign, with its nonce; the order to send it. A process may die between any two of them and any number may work on one
 * plan at a time: whoever comes next goes on from what is written, and the chain takes a nonce once.
 */
async function actAsAgent(
  actor: Actor,
  input: { id: string } & Keyed,
  action: Action,
  ports: ActionPorts,
): Promise<ActivityView> {
  const agent = await getAgentRow(actor, input.id);
  if (agent.status === "awaiting-owner") throw new DomainError("AGENT_NOT_READY");
  const encoded = encodeAction(agent, action);
  const plan = await planAction(actor, agent, encoded, input);
  if (plan.status === "planned") {
    await carryOut(agent, encoded, plan, ports).catch((error: unknown) =>
      leavePlan(plan, error, input.key !== undefined),
    );
  }
  return getPayment(actor, { id: agent.id, paymentId: plan.id });
}

async function carryOut(agent: AgentRow, encoded: EncodedAction, plan: Plan, ports: ActionPorts): Promise<void> {
  const { prepared, approvalsNeeded } = await prepareOnce(agent, encoded, plan, ports);
  if (approvalsNeeded > 0) return awaitApproval(plan);
  const { signature: _, ...userOperation } = prepared.operation;
  const { signature, ...judgement } = await ports.sign({
    agentId: agent.id,
    chainId: env.CHAIN_ID,
    entryPoint: loadDeployment().contracts.EntryPoint,
    userOperation,
  });
  await ports.order(prepared.id, signature, (sql) => markSubmitted(sql, plan.id, judgement));
}

/** The plan's operation, built now or before: a repeat signs the bytes that are written down and no others. */
async function prepareOnce(
  agent: AgentRow,
  encoded: EncodedAction,
  plan: Plan,
  ports: ActionPorts,
): Promise<{ prepared: PreparedRow; approvalsNeeded: number }> {
  const { callData } = encoded;
  const { draft, prepared } = await findUnsent(plan.operationId);
  const account = accountOfAgent(agent);
  // An agent's lanes carry its key in their low bits: the contract and the signer take no others.
  const nonce =
    prepared?.operation.nonce ?? (await nextNonce(account.address, (BigInt(draft.lane) << 160n) | BigInt(agent.key)));
  const judgement = await ports.evaluate({ agentId: agent.id, callData, nonce });
  await noteJudged(sqlOf(pool), plan.id, judgement);
  const { approvalsNeeded } = judgement;
  if (prepared) return { prepared, approvalsNeeded };
  const readings = await passBreakers(agent, encoded);
  const built = await ports.build({ account, callData, nonce });
  await keepOperation(draft.id, built, (sql) => noteBreakers(sql, plan.id, readings));
  const kept = await findUnsent(draft.id);
  if (!kept.prepared) throw new Error("An operation was written down and is not there.");
  return { prepared: kept.prepared, approvalsNeeded };
}

/**
 * An attempt ended without ordering the operation. A refusal is final and frees the key; anything else leaves the plan
 * to a repeat of the same key, and closes it where nobody can repeat it. Throws the error, unless another attempt at
 * the same plan has ordered the operation meanwhile: then that is the answer.
 */
async function leavePlan(plan: Plan, error: unknown, isRepeatable: boolean): Promise<void> {
  const refusal = refusalOf(error);
  if (refusal) {
    if (await closeAsRefused(plan.operationId, refusal)) throw namingAction(error, plan.id);
  } else if (!isRepeatable && error instanceof Error) {
    if (await closeAsFailed(plan.operationId, `Not sent: ${error.message}`)) throw error;
  }
  if (await isUnsent(plan.id)) throw error;
}

/** A refusal says where in the agent's history it is. */
function namingAction(error: unknown, actionId: string): unknown {
  if (!(error instanceof DomainError)) return error;
  return new DomainError(error.code, { ...error.details, actionId }, { cause: error });
}

/** The action in the agent's history that a refusal was about, where one was written down. */
export function refusedActionOf(error: unknown): string | null {
  const actionId = error instanceof DomainError ? error.details.actionId : null;
  return typeof actionId === "string" ? actionId : null;
}

/** What the history says about an error; null when nobody refused and something else went wrong. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof DomainError)) return null;
  const { code, details } = error;
  const text = (name: string) => (typeof details[name] === "string" ? details[name] : "");
  if (code === "POLICY_DENIED")
    return { refusedBy: "signer", rule: text("rule"), value: text("value"), fix: text("fix") };
  if (code === "AGENT_PAUSED")
    return { refusedBy: "signer", rule: "paused", value: "paused", fix: "The owner can resume this agent." };
  if (code === "BREAKER_TRIPPED")
    return {
      refusedBy: "breaker",
      rule: text("breaker"),
      value: text("reason"),
      fix: "Its owner arms it again, or its rule does.",
    };
  if (code === "AGENTS_HALTED")
    return { refusedBy: "breaker", rule: "platform", value: text("reason"), fix: "The platform lets agents go on." };
  if (code === "AGENT_REVOKED")
    return { refusedBy: "signer", rule: "revoked", value: "revoked", fix: "Create a new agent." };
  if (code === "OPERATION_REVERTED") {
    const args = Array.isArray(details.args) ? details.args.join(", ") : "";
    return {
      refusedBy: "contract",
      rule: text("error"),
      value: args,
      fix: "The account's contract refuses this call as it is.",
    };
  }
  return null;
}

export async function getPayment(actor: Actor, input: { id: string; paymentId: string }): Promise<ActivityView> {
  await getAgentRow(actor, input.id);
  const row = await db.agentActivity.findFirst({ where: { id: input.paymentId, agentId: input.id } });
  const [view] = row ? await viewActivities([row]) : [];
  if (!view) throw new DomainError("NOT_FOUND");
  return view;
}

/**
 * Asks the chain alone what it would say to calls of the agent's key, past the signer and its policy: the account is
 * called as the entry point calls it. Nothing is sent; a refusal here is the contract's own.
 */
export async function simulateAsAgent(
  actor: Actor,
  input: {
    id: string;
    payment?: { recipient: string; units: string; inferenceId?: string | undefined } | undefined;
    calls?: CallInput[] | undefined;
  },
): Promise<SimulationView> {
  const agent = await getOwnAgentRow(actor, input.id);
  if ((input.payment === undefined) === (input.calls === undefined)) {
    throw new DomainError("VALIDATION_FAILED", { message: "Name either a payment or calls." });
  }
  const action = input.payment ? payment(input.payment) : freeCalls(input.calls ?? []);
  const result = await simulateExecution(accountOfAgent(agent), encodeAction(agent, action).callData);
  if (result.ok) return { allowed: true, error: null, args: [], gas: result.gasUsed.toString() };
  return { allowed: false, error: result.revert.name, args: result.revert.args, gas: null };
}
