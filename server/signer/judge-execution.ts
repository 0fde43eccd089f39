import type { Hex } from "viem";
import { isAddressEqual } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { evaluatePolicy, type Spent } from "#core/policy/evaluate-policy.ts";
import { decodeExecution } from "#core/policy/execution.ts";
import { evaluateGuards, hashGuards, USD_VALUE } from "#core/policy/guards.ts";
import { type AgentPolicy, hashPolicy } from "#core/policy/policy.ts";
import type { Judgement } from "#core/schemas/signer.ts";
import { type Facts, gatherFacts } from "./gather-facts.ts";
import type { Grant } from "./grant.ts";

/** As it goes over the socket. */
export const amountsOf = (spent: Spent) => [...spent].map(([token, amount]) => ({ token, amount }));

export const refuse = (message: string) => new DomainError("SIGNER_REFUSED", { message });

export const denied = ({ rule, value, fix }: { rule: string; value: string; fix: string }) =>
  new DomainError("POLICY_DENIED", { rule, value, fix, refusedBy: "signer" });

/** Nothing can be said before the chain was asked for what these guards look at. */
export class FactsWanted extends Error {
  override readonly name = "FactsWanted";
  readonly grant: Grant;
  constructor(grant: Grant) {
    super("The guards want facts of the chain.");
    this.grant = grant;
  }
}

/** How often guards may change under a request before it is given up. */
const FACTS_MAX = 3;

/**
 * Judges, and where the policy's guards want to know something of the chain, gathers it outside of the transaction and
 * judges again: nobody waits for a node while others wait for the wallet's lock, or for a stop.
 */
export async function withFacts<Result>(
  callData: Hex,
  work: (facts: Facts | null) => Promise<Result>,
): Promise<Result> {
  let facts: Facts | null = null;
  for (let tries = 0; tries < FACTS_MAX; tries++) {
    try {
      return await work(facts);
    } catch (error) {
      if (!(error instanceof FactsWanted)) throw error;
      facts = await gatherFacts(error.grant, callData);
    }
  }
  throw new DomainError("CONFLICT", { message: "The agent's policy keeps changing. Ask again." });
}

const hashes = new WeakMap<AgentPolicy, Hex>();

/** Made once for each policy that was read: it takes longer than judging by it. */
function policyHashOf(policy: AgentPolicy): Hex {
  const hash = hashes.get(policy) ?? hashPolicy(policy);
  hashes.set(policy, hash);
  return hash;
}

/** Of the tokens that a try would move. */
const outcomeOf = ({ outcome }: Facts): Judgement["outcome"] =>
  outcome === null || outcome === "fails"
    ? null
    : [...outcome].filter(([, { before, after }]) => before !== after).map(([token, moved]) => ({ token, ...moved }));

export type Judged = { spent: Spent; usd: bigint | null; judgement: Judgement };

/** Judges a batch of the agent's key by its own bytes, against what was signed before; throws the policy's reason. */
export function judgeExecution(
  grant: Grant,
  callData: Hex,
  { halt, spentInWindow, facts }: { halt: DomainError | null; spentInWindow: Spent; facts: Facts | null },
): Judged {
  if (grant.revoked) throw new DomainError("AGENT_REVOKED");
  if (grant.paused) throw new DomainError("AGENT_PAUSED");
  if (halt) throw halt;
  const execution = decodeExecution(callData);
  if (!isAddressEqual(execution.key, grant.address)) throw refuse("The operation names another key.");
  const { guards } = grant.policy;
  const state = { account: grant.account, paused: grant.paused, spentInWindow };
  const nowSeconds = Math.floor(Date.now() / 1000);
  const verdict = evaluatePolicy(grant.policy, execution, state, nowSeconds);
  if (!verdict.allowed) throw denied(verdict);
  const { spent, rules } = verdict;
  const judgement: Judgement = {
    policyHash: policyHashOf(grant.policy),
    rules,
    spent: amountsOf(spent),
    spentInWindow: amountsOf(spentInWindow),
    usd: null,
    outcome: null,
    approvalsNeeded: 0,
  };
  if (!guards) return { spent, usd: null, judgement };
  if (facts?.guardsHash !== hashGuards(guards)) throw new FactsWanted(grant);
  const usdInWindow = spentInWindow.get(USD_VALUE) ?? 0n;
  const guarded = evaluateGuards(guards, spent, { ...facts, nowSeconds, usdInWindow });
  if (!guarded.allowed) throw denied(guarded);
  const { usd, approvalsNeeded } = guarded;
  const worth = usd === null ? null : { value: usd, inWindow: usdInWindow };
  return { spent, usd, judgement: { ...judgement, usd: worth, outcome: outcomeOf(facts), approvalsNeeded } };
}
