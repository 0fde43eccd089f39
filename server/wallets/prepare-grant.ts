import { encodeFunctionData } from "viem/utils";
import { agentAccountAbi } from "#core/generated/abis.ts";
import { type AgentPolicy, toContractPolicy } from "#core/policy/policy.ts";
import type { PreparedOperation } from "#core/schemas/account.ts";
import { policyFromJson } from "./agent-policy.ts";
import { type AgentRow, accountOfAgent } from "./agent-rows.ts";
import { prepareForOwner } from "./user-operations.ts";

export const GRANT_PURPOSE = "grant-agent";

/** The owner's operation that gives the agent's key a policy at its account. */
export function prepareGrantOf(
  agent: AgentRow,
  policy: AgentPolicy = policyFromJson(agent.policy),
): Promise<PreparedOperation> {
  const callData = encodeFunctionData({
    abi: agentAccountAbi,
    functionName: "grantAgentKey",
    args: [agent.key as `0x${string}`, toContractPolicy(policy)],
  });
  return prepareForOwner(accountOfAgent(agent), callData, {
    userId: agent.userId,
    purpose: GRANT_PURPOSE,
    refId: agent.id,
  });
}
