import { DomainError } from "#core/errors.ts";
import type { ExplanationView } from "#core/schemas/agent.ts";
import { signerClient } from "#server/chain/signer-client.ts";
import { simulateExecution } from "#server/chain/user-operations.ts";
import type { Actor } from "#server/identity/actor.ts";
import { refusalOf } from "./act-as-agent.ts";
import { type Action, type CallInput, encodeAction, freeCalls, ledgerDeposit, payment } from "./agent-actions.ts";
import { accountOfAgent, getAgentRow } from "./agent-rows.ts";

type Planned = {
  id: string;
  payment?: { recipient: string; units: string; inferenceId?: string | undefined } | undefined;
  calls?: CallInput[] | undefined;
  deposit?: { units: string } | undefined;
};

function actionOf({ id, payment: paid, calls, deposit }: Planned): Action {
  const [action, ...others] = [
    ...(paid ? [payment(paid)] : []),
    ...(calls ? [freeCalls(calls)] : []),
    ...(deposit ? [ledgerDeposit(id, deposit.units)] : []),
  ];
  if (!action || others.length > 0)
    throw new DomainError("VALIDATION_FAILED", { message: "Name either a payment or calls." });
  return action;
}

/**
 * Says what would become of an action, and why: what the signer's policy says of its bytes, and what the account's
 * contract would do with them. Nothing is signed, sent or counted.
 */
export async function explainAction(actor: Actor, planned: Planned): Promise<ExplanationView> {
  const agent = await getAgentRow(actor, planned.id);
  if (agent.status === "awaiting-owner") throw new DomainError("AGENT_NOT_READY");
  const { callData, callDataHash } = encodeAction(agent, actionOf(planned));
  const [{ refusal, approvalsNeeded }, simulated] = await Promise.all([
    signerClient.evaluateExecution({ agentId: agent.id, callData }).then(
      ({ approvalsNeeded: needed }) => ({ refusal: null, approvalsNeeded: needed }),
      (error: unknown) => {
        const known = refusalOf(error);
        if (!known) throw error;
        return { refusal: known, approvalsNeeded: 0 };
      },
    ),
    simulateExecution(accountOfAgent(agent), callData),
  ]);
  return {
    allowed: refusal === null && simulated.ok,
    refusal,
    contract: simulated.ok ? null : { error: simulated.revert.name, args: simulated.revert.args },
    gas: simulated.ok ? simulated.gasUsed.toString() : null,
    approvalsNeeded,
    callDataHash,
  };
}
