import type { Address, Hex } from "viem";
import { isAddressEqual, keccak256 } from "viem/utils";
import { hashApproval } from "#core/approval.ts";
import { DomainError } from "#core/errors.ts";
import { decodeExecution } from "#core/policy/execution.ts";
import type { ActionOutcome, ActionTransaction, ActionView } from "#core/schemas/action.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { type OperationOutcome, readOutcome } from "#server/chain/operation-outcome.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { log } from "#server/log.ts";
import { recordedBreakers, recordedJudgement } from "./action-record.ts";
import { type ActivityRow, type AgentRow, getAgentRow, viewActivities } from "./agent-rows.ts";
import { operationFromJson } from "./operation-rows.ts";
import { OPERATION_PURPOSE } from "./submit-operation.ts";
import { type Names, readNames } from "./token-names.ts";
import { viewAsker } from "./view-asker.ts";
import { viewJudgement } from "./view-judgement.ts";

type OperationRow = NonNullable<Awaited<ReturnType<typeof db.userOperation.findUnique>>>;
/** One action from who asked to what came of it: what is written down here, and the events the chain has of it. */
export async function getAction(actor: Actor, input: { id: string; actionId: string }): Promise<ActionView> {
  const agent = await getAgentRow(actor, input.id);
  const row = await db.agentActivity.findFirst({ where: { id: input.actionId, agentId: agent.id } });
  if (!row) throw new DomainError("NOT_FOUND");
  const operation = row.userOperationId
    ? await db.userOperation.findUnique({ where: { id: row.userOperationId } })
    : null;
  const [[activity], askedBy, names, order, read] = await Promise.all([
    viewActivities([row]),
    viewAsker(row, agent),
    readNames(),
    row.userOperationId
      ? db.chainTransaction.findFirst({ where: { purpose: OPERATION_PURPOSE, refId: row.userOperationId } })
      : null,
    outcomeOf(operation),
  ]);
  if (!activity) throw new DomainError("NOT_FOUND");
  const judged = recordedJudgement.nullable().parse(row.judged);
  const signed = recordedJudgement.nullable().parse(row.signed);
  return {
    ...activity,
    agent: { id: agent.id, name: agent.name, account: agent.account, key: agent.key },
    askedBy,
    calls: row.callData ? callsOf(row.callData) : [],
    callDataHash: row.callDataHash,
    updatedAt: row.updatedAt.toISOString(),
    judged: judged && (await viewJudgement(agent.id, judged, names)),
    breakers: recordedBreakers.nullable().parse(row.breakers),
    approval:
      judged && judged.approvalsNeeded > 0 ? approvalOf(judged.approvalsNeeded, { row, agent, operation }) : null,
    signed: signed && (await viewJudgement(agent.id, signed, names)),
    operation: writtenDown(operation),
    transaction: operation && operation.status !== "prepared" ? transactionOf(operation, order, read) : null,
    outcome: read && viewOutcome(read, agent.account as Address, names),
  };
}

const callsOf = (callData: string): ActionView["calls"] =>
  decodeExecution(callData as Hex).calls.map(({ target, value, data }) => ({ target, value: value.toString(), data }));

/** The operation, once there are bytes of it; before that its row only holds a lane. */
function writtenDown(operation: OperationRow | null): ActionView["operation"] {
  if (!operation?.hash.startsWith("0x")) return null;
  return { hash: operation.hash, nonce: operationFromJson(operation.operation).nonce.toString() };
}

function approvalOf(
  needed: number,
  { row, agent, operation }: { row: ActivityRow; agent: AgentRow; operation: OperationRow | null },
): ActionView["approval"] {
  const written = writtenDown(operation);
  const hash =
    written && row.callData
      ? hashApproval({
          chainId: env.CHAIN_ID,
          account: agent.account as Address,
          userOperationHash: written.hash as Hex,
          callDataHash: keccak256(row.callData as Hex),
        })
      : null;
  const isOpen = row.status === "awaiting-approval" && operation !== null;
  return { needed, hash, until: isOpen ? operation.expiresAt.toISOString() : null };
}

/** What the chain has of it. A chain that is away takes nothing from what is written down here. */
async function outcomeOf(operation: OperationRow | null): Promise<OperationOutcome | null> {
  if (!operation?.minedAt || !operation.transactionHash) return null;
  return readOutcome(operation.transactionHash as Hex, operation.hash as Hex).catch((error: unknown) => {
    log.warn({ event: "action.outcome-unread", operationId: operation.id, err: error }, "an outcome could not be read");
    return null;
  });
}

function transactionOf(
  operation: OperationRow,
  order: Awaited<ReturnType<typeof db.chainTransaction.findFirst>>,
  read: OperationOutcome | null,
): ActionTransaction {
  return {
    orderedAt: order?.createdAt.toISOString() ?? null,
    sentAt: order?.sentAt?.toISOString() ?? null,
    hash: operation.transactionHash ?? order?.hash ?? null,
    blockNumber: operation.blockNumber?.toString() ?? null,
    minedAt: operation.minedAt?.toISOString() ?? null,
    sender: read?.sender ?? null,
    gasUsed: operation.gasUsed?.toString() ?? null,
    gasCost: operation.gasCost?.toFixed(0) ?? null,
    payer: operation.payer,
    isSponsored: operation.payer !== null && !isAddressEqual(operation.payer as Address, operation.sender as Address),
  };
}

function viewOutcome({ movements, events }: OperationOutcome, account: Address, names: Names): ActionOutcome {
  const ours = new Map(
    Object.entries(loadDeployment().contracts).flatMap(([name, address]) =>
      address ? [[address.toLowerCase(), name] as const] : [],
    ),
  );
  return {
    movements: movements
      .filter(({ from, to }) => isAddressEqual(from, account) || isAddressEqual(to, account))
      .map(({ token, from, to, amount }) => ({
        ...names(token),
        from,
        to,
        amount: amount.toString(),
        isIn: isAddressEqual(to, account),
      })),
    events: events.map((event) => ({
      ...event,
      contract: isAddressEqual(event.address, account)
        ? "Its account"
        : (ours.get(event.address.toLowerCase()) ?? null),
    })),
  };
}
