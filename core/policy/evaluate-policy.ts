import type { Address, Hex } from "viem";
import { getAddress, isAddressEqual, size } from "viem/utils";
import { ENTRY_POINT_ADDRESS } from "../user-operation.ts";
import { holds } from "./conditions.ts";
import type { Call, Execution } from "./execution.ts";
import { type AgentPolicy, type PolicyCap, type PolicyRule, WRAPPERS } from "./policy.ts";
import { ETHER, readSpending, selectorOf } from "./token-spending.ts";

/** Which part of a policy said no. */
export type DenialRule =
  | "paused"
  | "not-yet-valid"
  | "expired"
  | "empty-batch"
  | "inferences-mismatch"
  | "own-account"
  | "entry-point"
  | "malformed-call"
  | "wrapper"
  | "denied"
  | "not-allowed"
  | "value"
  | "proof-required"
  | "other-token"
  | "per-transaction-cap"
  | "window-cap";

/** What a batch names as spent, by token; the zero address stands for ether. Tokens of which it names nothing are left out. */
export type Spent = ReadonlyMap<Address, bigint>;

export type PolicyVerdict =
  /** `rules`: which rule decided about each call, by its place in the policy. */
  { allowed: true; spent: Spent; rules: number[] } | { allowed: false; rule: DenialRule; value: string; fix: string };

type Denial = Extract<PolicyVerdict, { allowed: false }>;

export type PolicyState = {
  /** The account that would execute the calls. */
  account: Address;
  paused: boolean;
  /** What the key spent of each token in the window that ends now, everything signed and not yet settled included. */
  spentInWindow: Spent;
};

const deny = (rule: DenialRule, value: string, fix: string): Denial => ({ allowed: false, rule, value, fix });

const nameOf = (token: Address): string => (token === ETHER ? "wei" : `base units of ${token}`);

/** Both are as their schemas leave them: addresses with their checksum, selectors in lower case. */
const matches = (rule: PolicyRule, { data }: Call, target: Address, selector: Hex): boolean =>
  rule.target === target && rule.selector === selector && holds(rule, data);

/** The selector by which rules are found. Zero names a payment of ether, which has no data; null names nothing. */
function ruleSelector(data: Hex): Hex | null {
  const length = size(data);
  if (length === 0) return "0x00000000";
  const selector = selectorOf(data);
  return length < 4 || selector === "0x00000000" ? null : selector;
}

/** The rule that decides about a call: the first that matches. */
function findRule(
  policy: AgentPolicy,
  call: Call,
  where: string,
  account: Address,
): { rule: PolicyRule; index: number } | Denial {
  if (isAddressEqual(call.target, account))
    return deny("own-account", where, "An agent cannot call its own account; the owner changes it.");
  if (isAddressEqual(call.target, ENTRY_POINT_ADDRESS))
    return deny("entry-point", where, "An agent cannot call the entry point.");
  const selector = ruleSelector(call.data);
  if (selector === null) return deny("malformed-call", where, "Encode the call's function and arguments exactly.");
  const wrapper = WRAPPERS[selector];
  if (wrapper)
    return deny("wrapper", `${where} (${wrapper})`, "Send the calls that are packed into it, as a batch of their own.");
  const target = getAddress(call.target);
  const index = policy.rules.findIndex((candidate) => matches(candidate, call, target, selector));
  const rule = policy.rules[index];
  if (!rule) return deny("not-allowed", where, whyNot(policy, call, selector));
  if (rule.effect === "deny")
    return deny(
      "denied",
      `${where}, by rule ${index + 1}`,
      "The owner forbade this call; a denial is stronger than what allows it.",
    );
  return { rule, index };
}

/** What an owner, or a caller, would have to change for a call that no rule allows. */
function whyNot(policy: AgentPolicy, call: Call, selector: Hex): string {
  const near = policy.rules.filter(({ effect, target }) => effect === "allow" && isAddressEqual(target, call.target));
  if (near.length === 0) return "The owner adds a rule for this contract.";
  if (near.some((rule) => rule.selector === selector))
    return "The contract and the function are allowed with other arguments; keep to those, or the owner adds a rule.";
  return `Of this contract ${near.map((rule) => rule.selector).join(", ")} may be called; the owner adds a rule for others.`;
}

/** Whether a call goes with what its rule allows: no more ether, and the proof it wants. */
function judgeRule(rule: PolicyRule, call: Call, where: string, inferenceId: Hex | undefined): Denial | null {
  if (call.value > rule.valueMax)
    return deny("value", `${where} sends ${call.value} wei`, `Send at most ${rule.valueMax} wei with this call.`);
  if (rule.proof && (inferenceId === undefined || BigInt(inferenceId) === 0n)) {
    return deny(
      "proof-required",
      `${where} needs an output of model ${rule.proof.modelId}`,
      `Prove an output of at least ${rule.proof.outputMin} for this account and name its inference id.`,
    );
  }
  return null;
}

/** Adds up what the calls name, each in its own token. */
class Meter {
  readonly spent = new Map<Address, bigint>();
  readonly #caps: ReadonlyMap<Address, PolicyCap>;

  constructor(policy: AgentPolicy) {
    this.#caps = new Map(policy.caps.map((cap) => [cap.token, cap]));
  }

  /** Null, or why nothing of this token may be spent. */
  add(token: Address, amount: bigint, where: string): Denial | null {
    const cap = this.#caps.get(token);
    if (!cap)
      return deny(
        "other-token",
        `${where} spends ${nameOf(token)}`,
        "The policy has no cap for this token, so none of it is spent.",
      );
    // One amount beyond the cap is told first, as the contract does, whatever else is in the batch.
    if (amount > cap.perTransaction) return overTransaction(cap, amount);
    this.spent.set(token, (this.spent.get(token) ?? 0n) + amount);
    return null;
  }

  /** Null, or the first cap that does not hold. */
  check({ windowSeconds, caps }: AgentPolicy, before: Spent): Denial | null {
    for (const cap of caps) {
      const spent = this.spent.get(cap.token) ?? 0n;
      if (spent === 0n) continue;
      if (spent > cap.perTransaction) return overTransaction(cap, spent);
      const inWindow = before.get(cap.token) ?? 0n;
      if (inWindow + spent <= cap.perWindow) continue;
      const left = cap.perWindow > inWindow ? cap.perWindow - inWindow : 0n;
      return deny(
        "window-cap",
        `${inWindow} + ${spent} > ${cap.perWindow}`,
        `At most ${left} ${nameOf(cap.token)} are left in this window of ${windowSeconds} seconds.`,
      );
    }
    return null;
  }
}

const overTransaction = ({ token, perTransaction }: PolicyCap, amount: bigint): Denial =>
  deny(
    "per-transaction-cap",
    `${amount} > ${perTransaction}`,
    `Spend at most ${perTransaction} ${nameOf(token)} at a time, or ask the owner for a higher limit.`,
  );

function judgeTime(policy: AgentPolicy, state: PolicyState, nowSeconds: number): Denial | null {
  if (state.paused) return deny("paused", "paused", "The owner can resume this agent.");
  if (nowSeconds <= policy.validAfter)
    return deny("not-yet-valid", new Date(policy.validAfter * 1000).toISOString(), "Wait until the policy starts.");
  if (nowSeconds > policy.validUntil)
    return deny("expired", new Date(policy.validUntil * 1000).toISOString(), "The owner grants a new policy.");
  return null;
}

/**
 * Decides whether a key may carry out a batch. Everything that no rule names is denied, and a denial is stronger than
 * what allows.
 *
 * The account contract decides the same from the same bytes; this is the first of the two refusals, the contract's is
 * the one that holds when this one is bypassed. The gas budget and what calls do beyond what they name are the contract's
 * alone to see.
 */
export function evaluatePolicy(
  policy: AgentPolicy,
  { calls, inferenceIds }: Execution,
  state: PolicyState,
  nowSeconds: number,
): PolicyVerdict {
  const untimely = judgeTime(policy, state, nowSeconds);
  if (untimely) return untimely;
  if (calls.length === 0) return deny("empty-batch", "0 calls", "Name at least one call.");
  if (inferenceIds.length !== 0 && inferenceIds.length !== calls.length) {
    return deny(
      "inferences-mismatch",
      `${inferenceIds.length} inferences for ${calls.length} calls`,
      "Name no inference, or one for each call.",
    );
  }
  const meter = new Meter(policy);
  const rules: number[] = [];
  for (const [index, call] of calls.entries()) {
    const where = `call ${index}: ${selectorOf(call.data)} on ${call.target}`;
    const found = findRule(policy, call, where, state.account);
    if ("allowed" in found) return found;
    const denial = judgeRule(found.rule, call, where, inferenceIds[index]) ?? judgeSpending(meter, call, where);
    if (denial) return denial;
    rules.push(found.index);
  }
  const over = meter.check(policy, state.spentInWindow);
  return over ?? { allowed: true, spent: new Map([...meter.spent].filter(([, amount]) => amount > 0n)), rules };
}

function judgeSpending(meter: Meter, call: Call, where: string): Denial | null {
  const ether = call.value > 0n ? meter.add(ETHER, call.value, where) : null;
  if (ether) return ether;
  const spending = readSpending(call);
  if (spending === "malformed") return deny("malformed-call", where, "Encode the call's arguments exactly.");
  return spending && meter.add(spending.token, spending.amount, where);
}
