import { type Address, type Hex, zeroAddress, zeroHash } from "viem";
import { encodeAbiParameters, getAddress, isAddress, keccak256 } from "viem/utils";
import { z } from "zod";

const UINT128_MAX = 2n ** 128n - 1n;
const UINT48_MAX = 2 ** 48 - 1;
const UINT32_MAX = 2 ** 32 - 1;

/** A checksummed address; lower case is taken, a wrong checksum is not. */
export const addressSchema = z
  .string()
  .refine((text) => isAddress(text), "Expected a 20-byte address.")
  .transform((text): Address => getAddress(text));

const hexOf = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`), `Expected ${bytes} bytes of hex.`)
    .transform((text) => text.toLowerCase() as Hex);

export const bytes32Schema = hexOf(32);
export const selectorSchema = hexOf(4);

/** Bytes of any length up to `bytesMax`, as hex. */
export const bytesSchema = (bytesMax: number) =>
  z
    .string()
    .max(2 + bytesMax * 2)
    .regex(/^0x(?:[0-9a-fA-F]{2})*$/, "Expected hex bytes.")
    .transform((text) => text.toLowerCase() as Hex);

/** An unsigned whole number as decimal digits. */
export const uintSchema = (max: bigint) =>
  z
    .string()
    .regex(/^(?:0|[1-9]\d{0,77})$/, "Expected a whole number as decimal digits.")
    .transform((text) => BigInt(text))
    .refine((value) => value <= max, "The number is too large.");

export const ruleSchema = z.strictObject({
  target: addressSchema,
  selector: selectorSchema,
  /** When set, the call's first argument must be this address. */
  counterparty: addressSchema.nullable(),
  /** When set, the call consumes a fresh proved output of this model. */
  proof: z
    .strictObject({
      modelId: bytes32Schema,
      outputMin: uintSchema(2n ** 256n - 1n),
      maxAgeSeconds: z.int().min(1).max(UINT32_MAX),
    })
    .nullable(),
});

/** What an agent may do, the same in the signer and in the account contract. Times are Unix seconds. */
export const agentPolicySchema = z.strictObject({
  validAfter: z.int().min(0).max(UINT48_MAX),
  validUntil: z.int().min(1).max(UINT48_MAX),
  token: addressSchema,
  perTransactionCap: uintSchema(UINT128_MAX),
  windowCap: uintSchema(UINT128_MAX),
  windowSeconds: z.int().min(60).max(UINT32_MAX),
  rules: z.array(ruleSchema).min(1).max(32),
});

export type PolicyRule = z.output<typeof ruleSchema>;
export type AgentPolicy = z.output<typeof agentPolicySchema>;

/** The policy as the account contract's struct. */
export function toContractPolicy(policy: AgentPolicy) {
  return {
    validAfter: policy.validAfter,
    validUntil: policy.validUntil,
    token: policy.token,
    perTransactionCap: policy.perTransactionCap,
    windowCap: policy.windowCap,
    windowSeconds: policy.windowSeconds,
    rules: policy.rules.map((rule) => ({
      target: rule.target,
      selector: rule.selector,
      counterparty: rule.counterparty ?? zeroAddress,
      proofModelId: rule.proof?.modelId ?? zeroHash,
      proofMinOutput: rule.proof?.outputMin ?? 0n,
      proofMaxAge: rule.proof?.maxAgeSeconds ?? 0,
    })),
  };
}

const POLICY_PARAMETERS = [
  {
    type: "tuple",
    components: [
      { name: "validAfter", type: "uint48" },
      { name: "validUntil", type: "uint48" },
      { name: "token", type: "address" },
      { name: "perTransactionCap", type: "uint128" },
      { name: "windowCap", type: "uint128" },
      { name: "windowSeconds", type: "uint32" },
      {
        name: "rules",
        type: "tuple[]",
        components: [
          { name: "target", type: "address" },
          { name: "selector", type: "bytes4" },
          { name: "counterparty", type: "address" },
          { name: "proofModelId", type: "bytes32" },
          { name: "proofMinOutput", type: "uint256" },
          { name: "proofMaxAge", type: "uint32" },
        ],
      },
    ],
  },
] as const;

/** Names a policy: two policies with one hash are the same policy. */
export function hashPolicy(policy: AgentPolicy): Hex {
  return keccak256(encodeAbiParameters(POLICY_PARAMETERS, [toContractPolicy(policy)]));
}

/** Plain JSON with decimal strings; `agentPolicySchema` reads it back. */
export function policyToJson(policy: AgentPolicy): z.input<typeof agentPolicySchema> {
  return {
    ...policy,
    perTransactionCap: policy.perTransactionCap.toString(),
    windowCap: policy.windowCap.toString(),
    rules: policy.rules.map((rule) => ({
      ...rule,
      proof: rule.proof && { ...rule.proof, outputMin: rule.proof.outputMin.toString() },
    })),
  };
}

function isProofWithin(inner: PolicyRule, outer: PolicyRule): boolean {
  if (!outer.proof) return true;
  return (
    inner.proof !== null &&
    inner.proof.modelId === outer.proof.modelId &&
    inner.proof.outputMin >= outer.proof.outputMin &&
    inner.proof.maxAgeSeconds <= outer.proof.maxAgeSeconds
  );
}

/** The first rule that matches a call decides, so every outer rule a call could meet before it is covered must agree. */
function isRuleWithin(inner: PolicyRule, outerRules: readonly PolicyRule[]): boolean {
  for (const outer of outerRules) {
    if (inner.target !== outer.target || inner.selector !== outer.selector) continue;
    const isCovering = outer.counterparty === null || outer.counterparty === inner.counterparty;
    const isDisjoint = !isCovering && inner.counterparty !== null;
    if (isDisjoint) continue;
    if (!isProofWithin(inner, outer)) return false;
    if (isCovering) return true;
  }
  return false;
}

/** Whether everything that `inner` allows was allowed by `outer` already. */
export function isPolicyWithin(inner: AgentPolicy, outer: AgentPolicy): boolean {
  return (
    inner.token === outer.token &&
    inner.validAfter >= outer.validAfter &&
    inner.validUntil <= outer.validUntil &&
    inner.perTransactionCap <= outer.perTransactionCap &&
    inner.windowCap <= outer.windowCap &&
    inner.windowSeconds >= outer.windowSeconds &&
    inner.rules.every((rule) => isRuleWithin(rule, outer.rules))
  );
}
