import { type Address, type Hex, zeroAddress } from "viem";
import { getAddress, isAddressEqual, toFunctionSelector } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { toWire, usd } from "#core/money.ts";
import { type AgentPolicy, agentPolicySchema, type PolicyRule } from "#core/policy/policy.ts";
import type { PolicyInput, PolicyView, RuleInput } from "#core/schemas/agent.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { agentAccount } from "#server/ledger/account-codes.ts";
import { depositCounterparty } from "./deposit-accounts.ts";

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

/** The contract's rules for what the owner said. */
function rulesOf(rule: RuleInput, agentId: string): PolicyRule[] {
  const { TestUSD, Vault } = loadDeployment().contracts;
  switch (rule.kind) {
    case "pay":
      return [
        { target: TestUSD, selector: TRANSFER, counterparty: getAddress(rule.recipient), proof: proofOf(rule.proof) },
      ];
    case "deposit":
      return [
        { target: TestUSD, selector: APPROVE, counterparty: Vault, proof: null },
        {
          target: Vault,
          selector: DEPOSIT,
          counterparty: getAddress(depositCounterparty(agentAccount(agentId))),
          proof: null,
        },
      ];
    case "call":
      return [
        {
          target: getAddress(rule.target),
          selector: rule.selector.toLowerCase() as Hex,
          counterparty: rule.counterparty ? getAddress(rule.counterparty) : null,
          proof: proofOf(rule.proof),
        },
      ];
  }
}

/** The policy an owner asked for, checked for what the contract and the signer would refuse anyway. */
export function toAgentPolicy(input: PolicyInput, agentId: string, account: Address): AgentPolicy {
  const refuse = (message: string, param: string) => new DomainError("POLICY_INVALID", { message, param });
  const validUntil = Math.floor(Date.parse(input.validUntil) / 1000);
  if (validUntil <= Date.now() / 1000) throw refuse("The policy ends in the past.", "policy.validUntil");
  if (BigInt(input.perTransactionCap) > BigInt(input.windowCap)) {
    throw refuse("One payment may not exceed what the whole window allows.", "policy.perTransactionCap");
  }
  const rules = input.rules.flatMap((rule) => rulesOf(rule, agentId));
  for (const { target, counterparty } of rules) {
    if (isAddressEqual(target, zeroAddress) || isAddressEqual(target, account))
      throw refuse("A rule names an address that cannot be called.", "policy.rules");
    if (counterparty && isAddressEqual(counterparty, zeroAddress))
      throw refuse("A rule names the zero address.", "policy.rules");
  }
  return {
    validAfter: 0,
    validUntil,
    token: loadDeployment().contracts.TestUSD,
    perTransactionCap: BigInt(input.perTransactionCap),
    windowCap: BigInt(input.windowCap),
    windowSeconds: input.windowSeconds,
    rules,
  };
}

export const policyFromJson = (json: unknown): AgentPolicy => agentPolicySchema.parse(json);

export function viewPolicy(policy: AgentPolicy): PolicyView {
  const at = (seconds: number) => new Date(Math.min(seconds, 8_640_000_000_000) * 1000).toISOString();
  return {
    token: policy.token,
    perTransactionCap: toWire(usd(policy.perTransactionCap)),
    windowCap: toWire(usd(policy.windowCap)),
    windowSeconds: policy.windowSeconds,
    validAfter: at(policy.validAfter),
    validUntil: at(policy.validUntil),
    rules: policy.rules.map((rule) => ({
      ...rule,
      proof: rule.proof && { ...rule.proof, outputMin: rule.proof.outputMin.toString() },
    })),
  };
}
