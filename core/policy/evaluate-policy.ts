import type { Address, Hex } from "viem";
import { isAddressEqual, size } from "viem/utils";
import { ENTRY_POINT_ADDRESS } from "../user-operation.ts";
import { type Call, decodeSpend, type Execution, firstArgumentAddress, selectorOf } from "./execution.ts";
import type { AgentPolicy, PolicyRule } from "./policy.ts";

/** Which part of a policy said no. */
export type DenialRule =
  | "paused"
  | "not-yet-valid"
  | "expired"
  | "empty-batch"
  | "value"
  | "own-account"
  | "entry-point"
  | "malformed-call"
  | "inferences-mismatch"
  | "other-token"
  | "not-allowed"
  | "proof-required"
  | "per-transaction-cap"
  | "window-cap";

export type PolicyVerdict =
  | { allowed: true; spent: bigint }
  | { allowed: false; rule: DenialRule; value: string; fix: string };

export type PolicyState = {
  /** The account that would execute the calls. */
  account: Address;
  paused: boolean;
  /** What the key spent in the window that ends now, everything signed and not yet settled included. */
  spentInWindow: bigint;
};

const deny = (rule: DenialRule, value: string, fix: string): PolicyVerdict => ({ allowed: false, rule, value, fix });

function matches(rule: PolicyRule, call: Call): boolean {
  if (!isAddressEqual(rule.target, call.target) || size(call.data) < 4 || rule.selector !== selectorOf(call))
    return false;
  if (!rule.counterparty) return true;
  const first = firstArgumentAddress(call);
  return first !== null && isAddressEqual(first, rule.counterparty);
}

/** Judges one call alone; null means that nothing about it is forbidden by itself. */
function judgeCall(policy: AgentPolicy, call: Call, index: number, account: Address): PolicyVerdict | null {
  const where = `call ${index}: ${selectorOf(call)} on ${call.target}`;
  if (call.value !== 0n)
    return deny("value", `${where} sends ${call.value} wei`, "Send no native currency with a call.");
  if (isAddressEqual(call.target, account)) {
    return deny("own-account", where, "An agent cannot call its own account; the owner changes it.");
  }
  if (isAddressEqual(call.target, ENTRY_POINT_ADDRESS)) {
    return deny("entry-point", where, "An agent cannot call the entry point.");
  }
  const spend = decodeSpend(call);
  if (spend === "malformed") return deny("malformed-call", where, "Encode the call's arguments exactly.");
  if (spend && !isAddressEqual(call.target, policy.token)) {
    return deny("other-token", where, `Spend only the policy's token ${policy.token}.`);
  }
  return null;
}

/**
 * Decides whether a key may carry out a batch. Everything that no rule names is denied.
 *
 * The account contract decides the same from the same bytes; this is the first of the two refusals, the contract's is
 * the one that holds when this one is bypassed.
 */
export function evaluatePolicy(
  policy: AgentPolicy,
  execution: Execution,
  state: PolicyState,
  nowSeconds: number,
): PolicyVerdict {
  if (state.paused) return deny("paused", "paused", "The owner can resume this agent.");
  if (nowSeconds <= policy.validAfter) {
    return deny("not-yet-valid", new Date(policy.validAfter * 1000).toISOString(), "Wait until the policy starts.");
  }
  if (nowSeconds > policy.validUntil) {
    return deny("expired", new Date(policy.validUntil * 1000).toISOString(), "The owner grants a new policy.");
  }
  if (execution.calls.length === 0) return deny("empty-batch", "0 calls", "Name at least one call.");

  const { calls, inferenceIds } = execution;
  if (inferenceIds.length !== 0 && inferenceIds.length !== calls.length) {
    return deny(
      "inferences-mismatch",
      `${inferenceIds.length} inferences for ${calls.length} calls`,
      "Name no inference, or one for each call.",
    );
  }

  let spent = 0n;
  for (const [index, call] of calls.entries()) {
    const denial =
      judgeCall(policy, call, index, state.account) ?? judgeProof(policy, call, index, inferenceIds[index]);
    if (denial) return denial;
    const spend = decodeSpend(call);
    if (typeof spend === "bigint") spent += spend;
  }
  return judgeSpend(policy, state, spent);
}

/** Judges whether a rule names the call, and whether the proof the rule wants is named with it. */
function judgeProof(
  policy: AgentPolicy,
  call: Call,
  index: number,
  inferenceId: Hex | undefined,
): PolicyVerdict | null {
  // The first rule that matches decides, as in the contract.
  const rule = policy.rules.find((candidate) => matches(candidate, call));
  if (!rule) {
    return deny(
      "not-allowed",
      `call ${index}: ${selectorOf(call)} on ${call.target}`,
      "The owner adds a rule for this target, function and counterparty.",
    );
  }
  if (rule.proof && (inferenceId === undefined || BigInt(inferenceId) === 0n)) {
    return deny(
      "proof-required",
      `call ${index} needs an output of model ${rule.proof.modelId}`,
      `Prove an output of at least ${rule.proof.outputMin} for this account and name its inference id.`,
    );
  }
  return null;
}

function judgeSpend(policy: AgentPolicy, state: PolicyState, spent: bigint): PolicyVerdict {
  if (spent > policy.perTransactionCap) {
    return deny(
      "per-transaction-cap",
      `${spent} > ${policy.perTransactionCap}`,
      `Spend at most ${policy.perTransactionCap} base units at a time, or ask the owner for a higher limit.`,
    );
  }
  if (state.spentInWindow + spent > policy.windowCap) {
    const left = policy.windowCap > state.spentInWindow ? policy.windowCap - state.spentInWindow : 0n;
    return deny(
      "window-cap",
      `${state.spentInWindow} + ${spent} > ${policy.windowCap}`,
      `At most ${left} base units are left in this window of ${policy.windowSeconds} seconds.`,
    );
  }
  return { allowed: true, spent };
}
