import type { Address, Hex } from "viem";
import { zeroHash } from "viem";
import { encodeFunctionData, getAddress } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { type Call, decodeSpend, encodeExecution } from "#core/policy/execution.ts";
import type { ActivityView, Refusal, SimulationView } from "#core/schemas/agent.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { simulateExecution } from "#server/chain/user-operations.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentAccount } from "#server/ledger/account-codes.ts";
import { type AgentRow, accountOfAgent, getAgentRow, getOwnAgentRow, viewActivities } from "./agent-rows.ts";
import { depositRef } from "./deposit-accounts.ts";
import { type PreparedRow, prepareRow } from "./operation-rows.ts";
import { submitSigned } from "./submit-operation.ts";

/** What an agent is to do: the calls, the proof each uses up, and how it shows in the agent's history. */
type Action = {
  kind: ActivityView["kind"];
  calls: Call[];
  inferenceIds: Hex[];
  recipient: Address | null;
};

const call = (target: Address, data: Hex): Call => ({ target, value: 0n, data });

function payment(input: { recipient: string; units: string; inferenceId?: string | undefined }): Action {
  const recipient = getAddress(input.recipient);
  const data = encodeFunctionData({
    abi: testUsdAbi,
    functionName: "transfer",
    args: [recipient, BigInt(input.units)],
  });
  return {
    kind: "payment",
    calls: [call(loadDeployment().contracts.TestUSD, data)],
    inferenceIds: input.inferenceId ? [input.inferenceId as Hex] : [],
    recipient,
  };
}

function ledgerDeposit(agentId: string, units: string): Action {
  const { TestUSD, Vault } = loadDeployment().contracts;
  const amount = BigInt(units);
  const approve = encodeFunctionData({ abi: testUsdAbi, functionName: "approve", args: [Vault, amount] });
  const deposit = encodeFunctionData({
    abi: vaultAbi,
    functionName: "deposit",
    args: [depositRef(agentAccount(agentId)), amount],
  });
  return { kind: "deposit", calls: [call(TestUSD, approve), call(Vault, deposit)], inferenceIds: [], recipient: Vault };
}

type CallInput = { target: string; data: string; inferenceId?: string | undefined };

function freeCalls(calls: readonly CallInput[]): Action {
  const hasProof = calls.some(({ inferenceId }) => inferenceId !== undefined);
  return {
    kind: "call",
    calls: calls.map(({ target, data }) => call(getAddress(target), data as Hex)),
    inferenceIds: hasProof ? calls.map(({ inferenceId }) => (inferenceId ?? zeroHash) as Hex) : [],
    recipient: null,
  };
}

/** Pays dollars from the agent's account to an address that its policy names. */
export const payAsAgent = (
  actor: Actor,
  input: { id: string; recipient: string; units: string; inferenceId?: string | undefined },
): Promise<ActivityView> => actAsAgent(actor, input.id, payment(input));

/** Moves dollars from the agent's account into its balance here, to buy inference with. */
export const depositAsAgent = (actor: Actor, input: { id: string; units: string }): Promise<ActivityView> =>
  actAsAgent(actor, input.id, ledgerDeposit(input.id, input.units));

/** Makes any calls that the agent's policy allows, each with the proof its rule wants. */
export const callAsAgent = (actor: Actor, input: { id: string; calls: CallInput[] }): Promise<ActivityView> =>
  actAsAgent(actor, input.id, freeCalls(input.calls));

/** What the calls spend, read from their bytes and not from what anybody says they do. */
function spentBy(calls: readonly Call[]): bigint | null {
  const { TestUSD } = loadDeployment().contracts;
  let spent: bigint | null = null;
  for (const item of calls) {
    const amount = item.target === TestUSD ? decodeSpend(item) : null;
    if (typeof amount === "bigint") spent = (spent ?? 0n) + amount;
  }
  return spent !== null && spent < 2n ** 63n ? spent : null;
}

/**
 * Carries out an action with the agent's own key: the signer judges the bytes, the chain is asked what they would do,
 * the signer signs exactly those bytes, and the operation is ordered. Refusals are kept in the agent's history.
 */
async function actAsAgent(actor: Actor, agentId: string, action: Action): Promise<ActivityView> {
  const agent = await getAgentRow(actor, agentId);
  if (agent.status === "awaiting-owner") throw new DomainError("AGENT_NOT_READY");
  const activity = {
    id: newId("payment"),
    agentId,
    kind: action.kind,
    recipient: action.recipient,
    amount: spentBy(action.calls),
    inferenceId: action.inferenceIds.find((id) => id !== zeroHash) ?? null,
  };
  try {
    const callData = encodeExecution({
      key: agent.key as Address,
      calls: action.calls,
      inferenceIds: action.inferenceIds,
    });
    await signerClient.evaluateExecution({ agentId, callData });
    const prepared = await prepareAgentRow(agent, callData, activity.id);
    const signature = await signFor(agentId, prepared);
    await submitSigned(prepared.id, signature, async (sql) => {
      await sql.query(
        `INSERT INTO agent_activity (id, agent_id, kind, status, recipient, amount, inference_id, user_operation_id, updated_at)
         VALUES ($1, $2, $3, 'submitted', $4, $5, $6, $7, now())`,
        [activity.id, agentId, activity.kind, activity.recipient, activity.amount, activity.inferenceId, prepared.id],
      );
    });
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) await db.agentActivity.create({ data: { ...activity, status: "refused", refusal } });
    throw error;
  }
  return getPayment(actor, { id: agentId, paymentId: activity.id });
}

/** An agent's lanes carry its key in their low bits: the contract and the signer take no others. */
function prepareAgentRow(agent: AgentRow, callData: Hex, refId: string): Promise<PreparedRow> {
  const purpose = { userId: agent.userId, agentId: agent.id, purpose: "agent-action", refId };
  return prepareRow(accountOfAgent(agent), callData, purpose, (lane) => (BigInt(lane) << 160n) | BigInt(agent.key));
}

async function signFor(agentId: string, prepared: PreparedRow): Promise<Hex> {
  const { signature: _, ...userOperation } = prepared.operation;
  const signed = await signerClient.signUserOperation({
    agentId,
    chainId: env.CHAIN_ID,
    entryPoint: loadDeployment().contracts.EntryPoint,
    userOperation,
  });
  return signed.signature;
}

/** What the history says about an error; null when nobody refused and something else went wrong. */
function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof DomainError)) return null;
  const { code, details } = error;
  const text = (name: string) => (typeof details[name] === "string" ? details[name] : "");
  if (code === "POLICY_DENIED")
    return { refusedBy: "signer", rule: text("rule"), value: text("value"), fix: text("fix") };
  if (code === "AGENT_PAUSED")
    return { refusedBy: "signer", rule: "paused", value: "paused", fix: "The owner can resume this agent." };
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
  const callData = encodeExecution({
    key: agent.key as Address,
    calls: action.calls,
    inferenceIds: action.inferenceIds,
  });
  const result = await simulateExecution(accountOfAgent(agent), callData);
  if (result.ok) return { allowed: true, error: null, args: [], gas: result.gasUsed.toString() };
  return { allowed: false, error: result.revert.name, args: result.revert.args, gas: null };
}
