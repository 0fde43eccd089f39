import type { Address, Hex } from "viem";
import { zeroHash } from "viem";
import { encodeFunctionData, getAddress, keccak256 } from "viem/utils";
import { testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import { type Call, encodeExecution } from "#core/policy/execution.ts";
import { readSpending } from "#core/policy/token-spending.ts";
import type { ActivityView } from "#core/schemas/agent.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { agentAccount } from "#server/ledger/account-codes.ts";
import type { AgentRow } from "./agent-rows.ts";
import { depositRef } from "./deposit-accounts.ts";

/** What an agent is to do: the calls, the proof each uses up, and how it shows in the agent's history. */
export type Action = {
  kind: ActivityView["kind"];
  calls: Call[];
  inferenceIds: Hex[];
  recipient: Address | null;
};

const call = (target: Address, data: Hex): Call => ({ target, value: 0n, data });

export function payment(input: { recipient: string; units: string; inferenceId?: string | undefined }): Action {
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

export function ledgerDeposit(agentId: string, units: string): Action {
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

export type CallInput = { target: string; data: string; inferenceId?: string | undefined };

export function freeCalls(calls: readonly CallInput[]): Action {
  const hasProof = calls.some(({ inferenceId }) => inferenceId !== undefined);
  return {
    kind: "call",
    calls: calls.map(({ target, data }) => call(getAddress(target), data as Hex)),
    inferenceIds: hasProof ? calls.map(({ inferenceId }) => (inferenceId ?? zeroHash) as Hex) : [],
    recipient: null,
  };
}

/** What the calls spend of dollars, read from their bytes and not from what anybody says they do. */
function spentBy(calls: readonly Call[]): bigint | null {
  const { TestUSD } = loadDeployment().contracts;
  let spent: bigint | null = null;
  for (const item of calls) {
    const spending = readSpending(item);
    if (spending && spending !== "malformed" && spending.token === TestUSD) spent = (spent ?? 0n) + spending.amount;
  }
  return spent !== null && spent < 2n ** 63n ? spent : null;
}

/** An action as the account will be called for it: one action of one agent is always the same bytes. */
export type EncodedAction = {
  kind: ActivityView["kind"];
  recipient: Address | null;
  amount: bigint | null;
  inferenceId: Hex | null;
  callData: Hex;
  callDataHash: Hex;
};

export function encodeAction(agent: AgentRow, action: Action): EncodedAction {
  const callData = encodeExecution({
    key: agent.key as Address,
    calls: action.calls,
    inferenceIds: action.inferenceIds,
  });
  return {
    kind: action.kind,
    recipient: action.recipient,
    amount: spentBy(action.calls),
    inferenceId: action.inferenceIds.find((id) => id !== zeroHash) ?? null,
    callData,
    callDataHash: keccak256(callData),
  };
}
