import { type Address, type Hex, zeroHash } from "viem";
import { encodeAbiParameters, getAddress, isAddress, keccak256 } from "viem/utils";
import { z } from "zod";
import { guardsSchema, guardsToJson, hashGuards } from "./guards.ts";

const UINT128_MAX = 2n ** 128n - 1n;
const UINT48_MAX = 2 ** 48 - 1;
const UINT32_MAX = 2 ** 32 - 1;
const UINT16_MAX = 2 ** 16 - 1;

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

/** Where a condition looks in the call data; the order is the contract's. */
export const READINGS = ["word", "element", "last", "length", "hash", "field"] as const;
/** How it compares what it reads, as a number without a sign; the order is the contract's. */
export const COMPARISONS = ["equal", "at-most", "at-least", "one-of", "none-of", "masked"] as const;

const OPERAND_COUNTS = { "one-of": [1, 32], "none-of": [1, 32], masked: [2, 2] } as const;

/**
 * One demand on the arguments of a call. `word` counts the 32-byte words of their head; `element` counts within the array
 * or tuple that the word points at.
 */
export const conditionSchema = z
  .strictObject({
    reading: z.enum(READINGS),
    word: z.int().min(0).max(UINT16_MAX),
    element: z.int().min(0).max(UINT16_MAX).default(0),
    comparison: z.enum(COMPARISONS),
    operands: z.array(bytes32Schema).min(1).max(32),
  })
  .refine(({ comparison, operands }) => {
    const [least, most] = comparison in OPERAND_COUNTS ? OPERAND_COUNTS[comparison as "masked"] : [1, 1];
    return operands.length >= least && operands.length <= most;
  }, "A comparison has one operand, a masked one two, a set 1 to 32.")
  .refine(
    ({ reading, element }) => element === 0 || reading === "element" || reading === "field",
    "Only an element and a field have a place.",
  );

/** Functions that make other calls; a rule for one would allow whatever is packed into it. */
export const WRAPPERS: Readonly<Record<Hex, string>> = {
  "0xac9650d8": "multicall(bytes[])",
  "0x5ae401dc": "multicall(uint256,bytes[])",
  "0x1f0464d1": "multicall(bytes32,bytes[])",
  "0x252dba42": "aggregate((address,bytes)[])",
  "0xc3077fa9": "blockAndAggregate((address,bytes)[])",
  "0xbce38bd7": "tryAggregate(bool,(address,bytes)[])",
  "0x399542e9": "tryBlockAndAggregate(bool,(address,bytes)[])",
  "0x82ad56cb": "aggregate3((address,bool,bytes)[])",
  "0x174dea71": "aggregate3Value((address,bool,uint256,bytes)[])",
  "0x8d80ff0a": "multiSend(bytes)",
  "0x24856bc3": "execute(bytes,bytes[])",
  "0x3593564c": "execute(bytes,bytes[],uint256)",
  "0xe9ae5c53": "execute(bytes32,bytes)",
  "0xb61d27f6": "execute(address,uint256,bytes)",
  "0x34fcd5be": "executeBatch((address,uint256,bytes)[])",
  "0x6a761202": "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
  "0x468721a7": "execTransactionFromModule(address,uint256,bytes,uint8)",
  "0x5229073f": "execTransactionFromModuleReturnData(address,uint256,bytes,uint8)",
  "0x765e827f": "handleOps",
};

export const ruleSchema = z
  .strictObject({
    effect: z.enum(["allow", "deny"]),
    target: addressSchema,
    /** Zero for a plain payment of ether, which has no data. */
    selector: selectorSchema,
    /** The most ether that goes with one call, in wei. */
    valueMax: uintSchema(UINT128_MAX),
    conditions: z.array(conditionSchema).max(16),
    /** When set, the call consumes a fresh proved output of this model. */
    proof: z
      .strictObject({
        modelId: bytes32Schema,
        outputMin: uintSchema(2n ** 256n - 1n),
        maxAgeSeconds: z.int().min(1).max(UINT32_MAX),
      })
      .nullable(),
  })
  .refine(({ effect, proof, valueMax }) => effect === "allow" || (proof === null && valueMax === 0n), {
    message: "A denial wants no proof and sends no ether.",
  })
  .refine(({ selector }) => !(selector in WRAPPERS), {
    message: "This function makes other calls. Allow those themselves: a batch makes them one by one.",
  });

export const capSchema = z.strictObject({
  /** The zero address stands for ether. */
  token: addressSchema,
  perTransaction: uintSchema(UINT128_MAX),
  perWindow: uintSchema(UINT128_MAX),
});

/** What an agent may do, the same in the signer and in the account contract. Times are Unix seconds. */
export const agentPolicySchema = z
  .strictObject({
    validAfter: z.int().min(0).max(UINT48_MAX),
    validUntil: z.int().min(1).max(UINT48_MAX),
    windowSeconds: z.int().min(60).max(UINT32_MAX),
    /** The most that may be spent on gas in any window, in wei, whoever pays for it; zero for no limit. */
    gasPerWindow: uintSchema(UINT128_MAX),
    /** What the signer keeps beside: the contract knows its hash alone. */
    guards: guardsSchema.nullable().default(null),
    caps: z.array(capSchema).max(8),
    /** Denials first; then the first that matches decides. */
    rules: z.array(ruleSchema).min(1).max(32),
  })
  .refine(({ caps }) => new Set(caps.map(({ token }) => token)).size === caps.length, "A token has one cap.")
  .refine(
    ({ rules }) => rules.every((rule, i) => rule.effect === "allow" || (rules[i - 1]?.effect ?? "deny") === "deny"),
    "Denials come before everything else.",
  );

export type PolicyCondition = z.output<typeof conditionSchema>;
export type PolicyRule = z.output<typeof ruleSchema>;
export type PolicyCap = z.output<typeof capSchema>;
export type AgentPolicy = z.output<typeof agentPolicySchema>;

/** The policy as the account contract's struct. */
export function toContractPolicy(policy: AgentPolicy) {
  return {
    validAfter: policy.validAfter,
    validUntil: policy.validUntil,
    windowSeconds: policy.windowSeconds,
    gasPerWindow: policy.gasPerWindow,
    guards: policy.guards ? hashGuards(policy.guards) : zeroHash,
    caps: policy.caps,
    rules: policy.rules.map((rule) => ({
      denies: rule.effect === "deny",
      target: rule.target,
      selector: rule.selector,
      valueMax: rule.valueMax,
      conditions: rule.conditions.map((condition) => ({
        ...condition,
        reading: READINGS.indexOf(condition.reading),
        comparison: COMPARISONS.indexOf(condition.comparison),
      })),
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
      { name: "windowSeconds", type: "uint32" },
      { name: "gasPerWindow", type: "uint128" },
      { name: "guards", type: "bytes32" },
      {
        name: "caps",
        type: "tuple[]",
        components: [
          { name: "token", type: "address" },
          { name: "perTransaction", type: "uint128" },
          { name: "perWindow", type: "uint128" },
        ],
      },
      {
        name: "rules",
        type: "tuple[]",
        components: [
          { name: "denies", type: "bool" },
          { name: "target", type: "address" },
          { name: "selector", type: "bytes4" },
          { name: "valueMax", type: "uint128" },
          {
            name: "conditions",
            type: "tuple[]",
            components: [
              { name: "reading", type: "uint8" },
              { name: "word", type: "uint16" },
              { name: "element", type: "uint16" },
              { name: "comparison", type: "uint8" },
              { name: "operands", type: "bytes32[]" },
            ],
          },
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
    gasPerWindow: policy.gasPerWindow.toString(),
    guards: policy.guards && guardsToJson(policy.guards),
    caps: policy.caps.map(({ token, perTransaction, perWindow }) => ({
      token,
      perTransaction: perTransaction.toString(),
      perWindow: perWindow.toString(),
    })),
    rules: policy.rules.map((rule) => ({
      ...rule,
      valueMax: rule.valueMax.toString(),
      proof: rule.proof && { ...rule.proof, outputMin: rule.proof.outputMin.toString() },
    })),
  };
}
