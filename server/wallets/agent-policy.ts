import { type Address, type Hex, zeroAddress } from "viem";
import { getAddress, isAddressEqual, toFunctionSelector } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { toWire, usd } from "#core/money.ts";
import { guardsToJson } from "#core/policy/guards.ts";
import { compileFunction, counterpartyOf, firstArgumentIs } from "#core/policy/language.ts";
import {
  type AgentPolicy,
  agentPolicySchema,
  type PolicyCap,
  type PolicyCondition,
  type PolicyRule,
  policyToJson,
} from "#core/policy/policy.ts";
import type { PolicyInput, PolicyView, RuleInput } from "#core/schemas/agent-policy.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { agentAccount } from "#server/ledger/account-codes.ts";
import { depositCounterparty } from "./deposit-accounts.ts";
import { getPersonalAccount } from "./get-account.ts";

const TRANSFER = toFunctionSelector("transfer(address,uint256)");
const APPROVE = toFunctionSelector("approve(address,uint256)");
const DEPOSIT = toFunctionSelector("deposit(bytes32,uint256)");

type ProofInput = Extract<RuleInput, { kind: "pay" }>["proof"];

const proofOf = (proof: ProofInput): PolicyRule["proof"] =>
  proof
    ? {
        modelId: proof.modelId.toLowerCase() as Hex,
        outputMin: BigInt(proof.outputMin),
        maxAgeSeconds: proof.maxAgeSeconds,
      }
    : null;

const ruleFor = (
  target: Address,
  selector: Hex,
  conditions: PolicyCondition[],
  more: Partial<PolicyRule> = {},
): PolicyRule => ({ effect: "allow", target, selector, valueMax: 0n, conditions, proof: null, ...more });

/** The contract's rules for what the owner said. */
function rulesOf(rule: RuleInput, agentId: string, account: Address): PolicyRule[] {
  const { TestUSD, Vault } = loadDeployment().contracts;
  switch (rule.kind) {
    case "pay":
      return [
        ruleFor(TestUSD, TRANSFER, [firstArgumentIs(getAddress(rule.recipient))], { proof: proofOf(rule.proof) }),
      ];
    case "deposit":
      return [
        ruleFor(TestUSD, APPROVE, [firstArgumentIs(Vault)]),
        ruleFor(Vault, DEPOSIT, [firstArgumentIs(getAddress(depositCounterparty(agentAccount(agentId))))]),
      ];
    case "call": {
      const target = getAddress(rule.target);
      const first = rule.counterparty ? [firstArgumentIs(getAddress(rule.counterparty))] : [];
      return [ruleFor(target, rule.selector.toLowerCase() as Hex, first, { proof: proofOf(rule.proof) })];
    }
    case "function": {
      const { selector, conditions } = compileFunction(rule.function, rule.where ?? [], account);
      return [
        ruleFor(getAddress(rule.target), selector, conditions, {
          effect: rule.effect ?? "allow",
          valueMax: BigInt(rule.valueMax ?? 0),
          proof: proofOf(rule.proof),
        }),
      ];
    }
    case "ether":
      return [ruleFor(getAddress(rule.recipient), "0x00000000", [], { valueMax: BigInt(rule.valueMax) })];
  }
}

function capsOf(input: PolicyInput): PolicyCap[] {
  const dollars = {
    token: loadDeployment().contracts.TestUSD,
    perTransaction: BigInt(input.perTransactionCap),
    perWindow: BigInt(input.windowCap),
  };
  const others = (input.caps ?? []).map((cap) => ({
    token: getAddress(cap.token),
    perTransaction: BigInt(cap.perTransaction),
    perWindow: BigInt(cap.perWindow),
  }));
  return [dollars, ...others];
}

type Approver = { owner: Hex; name: string };

type Approvers = ReadonlyMap<string, Approver>;

/** Whom a policy names as approvers, as the signer knows them: by what they sign with. */
export async function findApprovers(actor: Actor, { guards }: PolicyInput): Promise<Approvers> {
  const named = [...(guards?.approvals?.approvers ?? []), ...(guards?.changes?.approvers ?? [])];
  return new Map(
    await Promise.all(
      [...new Set(named)].map(async (name) => {
        const id = name === "me" ? actor.userId : name;
        const [user, account] = await Promise.all([db.user.findUnique({ where: { id } }), getPersonalAccount(id)]);
        if (!user || !account)
          throw new DomainError("POLICY_INVALID", {
            param: "policy.guards",
            message: `${id} is nobody who can sign: an approver has a passkey or a wallet here.`,
          });
        return [name, { owner: account.owner, name: user.name ?? id }] as const;
      }),
    ),
  );
}

type Asking = NonNullable<NonNullable<PolicyInput["guards"]>["approvals"]>;

/** Somebody who is named twice, by their id and as "me", is one. */
function askingOf({ over, needed, approvers: names }: Asking, approvers: Approvers) {
  const found = names.flatMap((name) => approvers.get(name) ?? []);
  return { over, needed, approvers: [...new Map(found.map((one) => [one.owner, one])).values()] };
}

function guardsOf({ guards }: PolicyInput, approvers: Approvers): object | null {
  if (!guards) return null;
  const { usd: value = null, hours = [], outcome, approvals, purchases = null, changes } = guards;
  return {
    usd: value,
    hours,
    outcome: outcome ? { lossBpsMax: outcome.lossBpsMax ?? null, floors: outcome.floors ?? [] } : null,
    approvals: approvals ? askingOf(approvals, approvers) : null,
    purchases,
    changes: changes ? askingOf(changes, approvers) : null,
  };
}

/** The policy an owner asked for, checked for what the contract and the signer would refuse anyway. */
export function toAgentPolicy(
  input: PolicyInput,
  { agentId, account, approvers }: { agentId: string; account: Address; approvers: Approvers },
): AgentPolicy {
  const refuse = (message: string, param: string) => new DomainError("POLICY_INVALID", { message, param });
  const validUntil = Math.floor(Date.parse(input.validUntil) / 1000);
  if (validUntil <= Date.now() / 1000) throw refuse("The policy ends in the past.", "policy.validUntil");
  const caps = capsOf(input);
  if (caps.some(({ perTransaction, perWindow }) => perTransaction > perWindow)) {
    throw refuse("One payment may not exceed what the whole window allows.", "policy.perTransactionCap");
  }
  const rules = input.rules.flatMap((rule) => rulesOf(rule, agentId, account));
  for (const { target, conditions } of rules) {
    if (isAddressEqual(target, zeroAddress) || isAddressEqual(target, account))
      throw refuse("A rule names an address that cannot be called.", "policy.rules");
    if (counterpartyOf(conditions) === zeroAddress) throw refuse("A rule names the zero address.", "policy.rules");
  }
  const denials = rules.filter(({ effect }) => effect === "deny");
  const parsed = agentPolicySchema.safeParse({
    ...policyToJson({
      validAfter: 0,
      validUntil,
      windowSeconds: input.windowSeconds,
      gasPerWindow: BigInt(input.gasPerWindow ?? 0),
      guards: null,
      caps,
      // A denial is stronger than what allows: it comes first, wherever it was written.
      rules: [...denials, ...rules.filter(({ effect }) => effect === "allow")],
    }),
    guards: guardsOf(input, approvers),
  });
  if (!parsed.success) throw refuse(parsed.error.issues[0]?.message ?? "The policy is malformed.", "policy.rules");
  return parsed.data;
}

export const policyFromJson = (json: unknown): AgentPolicy => agentPolicySchema.parse(json);

/** The cap of dollars: what people are shown first. Every policy made here has one. */
export function dollarCapOf(policy: AgentPolicy): PolicyCap {
  const { TestUSD: token } = loadDeployment().contracts;
  return policy.caps.find((cap) => cap.token === token) ?? { token, perTransaction: 0n, perWindow: 0n };
}

export function viewPolicy(policy: AgentPolicy): PolicyView {
  const at = (seconds: number) => new Date(Math.min(seconds, 8_640_000_000_000) * 1000).toISOString();
  const dollars = dollarCapOf(policy);
  return {
    token: dollars.token,
    perTransactionCap: toWire(usd(dollars.perTransaction)),
    windowCap: toWire(usd(dollars.perWindow)),
    windowSeconds: policy.windowSeconds,
    gasPerWindow: policy.gasPerWindow.toString(),
    guards: policy.guards && guardsToJson(policy.guards),
    caps: policy.caps
      .filter(({ token }) => token !== dollars.token)
      .map(({ token, perTransaction, perWindow }) => ({
        token,
        perTransaction: perTransaction.toString(),
        perWindow: perWindow.toString(),
      })),
    validAfter: at(policy.validAfter),
    validUntil: at(policy.validUntil),
    rules: policy.rules.map(({ valueMax, conditions, proof, ...rule }) => ({
      ...rule,
      valueMax: valueMax.toString(),
      counterparty: counterpartyOf(conditions),
      conditions,
      proof: proof && { ...proof, outputMin: proof.outputMin.toString() },
    })),
  };
}
