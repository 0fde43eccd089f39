import type { Address, Hex } from "viem";
import { z } from "zod";
import { guardsSchema } from "../policy/guards.ts";
import { addressSchema, agentPolicySchema, bytes32Schema, bytesSchema, uintSchema } from "../policy/policy.ts";

const UINT256_MAX = 2n ** 256n - 1n;
const UINT128_MAX = 2n ** 128n - 1n;
const uint256 = uintSchema(UINT256_MAX);
const uint128 = uintSchema(UINT128_MAX);
const agentId = z.string().regex(/^agt_[0-9a-z]{1,64}$/, "Expected an agent id.");
const chainId = z.int().positive();
const empty = z.strictObject({});

/** A user operation on the wire; the signature is what is asked for, so none is taken. */
export const unsignedUserOperationSchema = z.strictObject({
  sender: addressSchema,
  nonce: uint256,
  initCode: bytesSchema(4_096),
  callData: bytesSchema(65_536),
  accountGasLimits: bytes32Schema,
  preVerificationGas: uint256,
  gasFees: bytes32Schema,
  paymasterAndData: bytesSchema(1_024),
});

const operatorTransactionSchema = z.strictObject({
  chainId,
  nonce: z.int().min(0),
  to: addressSchema,
  data: bytesSchema(131_072),
  value: uint256,
  gas: uint128,
  maxFeePerGas: uint128,
  maxPriorityFeePerGas: uint128,
});

/** What of each token, by its address; the zero address stands for ether. */
const amounts = z.array(z.strictObject({ token: addressSchema, amount: uint256 }));
/** Why a batch may be carried out, and what stood against its limits at that moment. */
export const judgement = z.strictObject({
  policyHash: bytes32Schema,
  /** Which rule of the policy decided about each call. */
  rules: z.array(z.int().min(0)),
  spent: amounts,
  /** What else was signed for in the window so far. */
  spentInWindow: amounts,
  /** Micro-dollars that it is worth, and that were signed for in the window so far; null where the guards do not ask. */
  usd: z.strictObject({ value: uint256, inWindow: uint256 }).nullable(),
  /** Tried out: what the account had and would have of each token; null where the guards do not ask. */
  outcome: z.array(z.strictObject({ token: addressSchema, before: uint256, after: uint256 })).nullable(),
  approvalsNeeded: z.int().min(0),
});
export type Judgement = z.output<typeof judgement>;

const wallet = z.strictObject({ address: addressSchema });
const hex = z.string().transform((text) => text as Hex);
const bytesOfLength = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${bytes * 2}}$`), `Expected ${bytes} bytes of hex.`)
    .transform((text) => text as Hex);
const point = z
  .string()
  .regex(/^0x04[0-9a-f]{128}$/, "Expected an uncompressed point of P-256.")
  .transform((text) => text as Hex);

/** A key that was sealed for one agent: 32 bytes and a tag. */
const importedKey = z.strictObject({
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  expiresAt: z.int().positive(),
  address: addressSchema,
  sealed: z.strictObject({ ephemeral: point, iv: bytesOfLength(12), ciphertext: bytesOfLength(48) }),
});

/** Everything the signer answers to, and nothing else: there is no method that signs bytes it does not read. */
export const SIGNER_METHODS = {
  health: {
    input: empty,
    output: z.strictObject({ ok: z.literal(true), keyId: z.string(), walletsToRotate: z.int().min(0) }),
  },
  getOperator: { input: empty, output: wallet },
  getReceiptKey: { input: empty, output: z.strictObject({ publicKey: hex }) },
  getVoucherKey: { input: empty, output: wallet },
  createAgentWallet: {
    input: z.strictObject({
      agentId,
      account: addressSchema,
      chainId,
      policy: agentPolicySchema,
      /** The owner's own key; without one the signer makes one. */
      imported: importedKey.optional(),
    }),
    output: wallet.extend({ importedAt: z.iso.datetime().nullable() }),
  },
  /** Where an owner seals a key of their own for an agent that is to be made. */
  getImportKey: {
    input: z.strictObject({ agentId, account: addressSchema, chainId }),
    output: z.strictObject({ keyId: z.string(), recipient: hex, expiresAt: z.int() }),
  },
  narrowAgentPolicy: { input: z.strictObject({ agentId, policy: agentPolicySchema }), output: wallet },
  /** Takes up what the account has on the chain: the owner signed that. */
  adoptAgentPolicy: {
    /** Guards whose hash the chain may have: whoever asks is believed nothing but which of them to look at. */
    input: z.strictObject({
      agentId,
      guards: z.array(guardsSchema).max(32).optional(),
      /** Of others who agreed to the policy that the chain has. */
      agreements: z
        .array(z.strictObject({ owner: bytesSchema(84), signature: bytesSchema(4_096) }))
        .max(64)
        .optional(),
    }),
    output: z.strictObject({ policyHash: hex }),
  },
  setAgentPaused: {
    input: z.strictObject({ agentId, paused: z.boolean() }),
    output: z.strictObject({ paused: z.boolean() }),
  },
  /** Stops signing for all agents, or for one, and lets it go on: when it has answered nothing more is signed. */
  setHalt: {
    input: z.strictObject({
      scope: z.string().regex(/^(?:platform|agent:agt_[0-9a-z]{1,64})$/, "Expected platform, or an agent."),
      halted: z.boolean(),
      reason: z.string().min(1).max(500),
    }),
    output: z.strictObject({ halted: z.boolean() }),
  },
  revokeAgentWallet: { input: z.strictObject({ agentId }), output: z.strictObject({ revoked: z.literal(true) }) },
  getAgentSpending: {
    input: z.strictObject({ agentId }),
    output: z.strictObject({ spentInWindow: amounts, paused: z.boolean(), revoked: z.boolean() }),
  },
  /** Judges a batch and signs nothing. What was signed for the same nonce before does not count beside it. */
  evaluateExecution: {
    input: z.strictObject({ agentId, callData: bytesSchema(65_536), nonce: uint256.optional() }),
    output: judgement,
  },
  signUserOperation: {
    input: z.strictObject({
      agentId,
      chainId,
      entryPoint: addressSchema,
      userOperation: unsignedUserOperationSchema,
      /** Of this very operation, each by another approver. */
      approvals: z
        .array(z.strictObject({ owner: bytesSchema(84), signature: bytesSchema(4_096) }))
        .max(8)
        .optional(),
    }),
    output: judgement.extend({ userOperationHash: hex, signature: hex }),
  },
  /** Signs an EIP-3009 authorization of the agent's purse, which is the account of its key. */
  signPurchase: {
    input: z.strictObject({
      agentId,
      to: addressSchema,
      amount: uint128,
      validAfter: z.int().min(0),
      validBefore: z.int().positive(),
      nonce: bytes32Schema,
    }),
    output: z.strictObject({ signature: hex }),
  },
  /** Seals an agent's key to a public key that the account's owner signed for. */
  exportAgentKey: {
    input: z.strictObject({
      agentId,
      recipient: point,
      expiresAt: z.int().positive(),
      signature: bytesSchema(4_096),
    }),
    output: z.strictObject({ ephemeral: hex, iv: hex, ciphertext: hex }),
  },
  /** Says whether the operator would sign this, and signs nothing. */
  evaluateOperatorTransaction: {
    input: z.strictObject({ transaction: operatorTransactionSchema }),
    output: z.strictObject({ allowed: z.literal(true) }),
  },
  signOperatorTransaction: {
    input: z.strictObject({ transaction: operatorTransactionSchema }),
    output: z.strictObject({ hash: hex, raw: hex }),
  },
  signReceipt: {
    input: z.strictObject({ digest: bytes32Schema }),
    output: z.strictObject({ signature: hex, publicKey: hex }),
  },
  signVoucher: {
    input: z.strictObject({
      chainId,
      escrow: addressSchema,
      leaseId: bytes32Schema,
      cumulative: uint128,
      receiptsRoot: bytes32Schema,
    }),
    output: z.strictObject({ signature: hex }),
  },
} as const;

export type SignerMethod = keyof typeof SIGNER_METHODS;
export type SignerInput<M extends SignerMethod> = z.output<(typeof SIGNER_METHODS)[M]["input"]>;
export type SignerOutput<M extends SignerMethod> = z.output<(typeof SIGNER_METHODS)[M]["output"]>;
export type OperatorTransaction = z.output<typeof operatorTransactionSchema>;
export type UnsignedUserOperation = z.output<typeof unsignedUserOperationSchema>;

/** How the signer answers: a result, or a code of the one error table. */
export const signerReplySchema = z.discriminatedUnion("ok", [
  z.strictObject({ ok: z.literal(true), result: z.unknown() }),
  z.strictObject({
    ok: z.literal(false),
    error: z.strictObject({ code: z.string(), details: z.record(z.string(), z.unknown()) }),
  }),
]);

/** Whole numbers travel as decimal digits. */
export const toSignerJson = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item));

export type AgentWallet = { address: Address };
