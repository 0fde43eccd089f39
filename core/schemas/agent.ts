import { z } from "zod";
import { breakerInput, breakerKind } from "../breakers.ts";
import { idPattern } from "../ids.ts";
import { hoursGuard } from "../policy/guards.ts";
import { demandSchema, functionText } from "../policy/language.ts";
import { COMPARISONS, READINGS } from "../policy/policy.ts";
import {
  addressText,
  bytesText,
  hash32Text,
  ownerOutput,
  ownerSignatureInput,
  preparedOperationOutput,
  selectorText,
  unitsInput,
  wireAmount,
} from "./account.ts";

const uintText = z.string().regex(/^\d{1,38}$/);
const isoTime = z.iso.datetime();
export const agentId = z.string().regex(idPattern("agent"));
export const paymentId = z.string().regex(idPattern("payment"));

/** A fresh proved output of a model, asked for by the agent's account. */
const proofInput = z.strictObject({
  modelId: hash32Text,
  outputMin: z.string().regex(/^\d{1,77}$/),
  maxAgeSeconds: z.int().min(1).max(31_536_000),
});

/** What the owner allows, in words; each becomes one or two rules of the contract's policy. */
export const ruleInput = z.discriminatedUnion("kind", [
  /** Dollars to one address, with a proof when one is asked for. */
  z.strictObject({ kind: z.literal("pay"), recipient: addressText, proof: proofInput.optional() }),
  /** Dollars into the agent's own balance here, to buy inference with. */
  z.strictObject({ kind: z.literal("deposit") }),
  /** One function of one contract, optionally only with this address as its first argument. */
  z.strictObject({
    kind: z.literal("call"),
    target: addressText,
    selector: selectorText,
    counterparty: addressText.optional(),
    proof: proofInput.optional(),
  }),
  /** One function, written as in Solidity, with demands on its arguments; or the same forbidden. */
  z.strictObject({
    kind: z.literal("function"),
    effect: z.enum(["allow", "deny"]).optional(),
    target: addressText,
    function: functionText,
    where: z.array(demandSchema).max(16).optional(),
    /** The most ether that goes with one call, in wei. */
    valueMax: uintText.optional(),
    proof: proofInput.optional(),
  }),
  /** Ether to one address. */
  z.strictObject({ kind: z.literal("ether"), recipient: addressText, valueMax: uintText }),
]);
export type RuleInput = z.output<typeof ruleInput>;

/** What may be spent of a token besides dollars, in its base units; the zero address stands for ether. */
const capInput = z.strictObject({ token: addressText, perTransaction: uintText, perWindow: uintText });

/** Of whom approval is asked, above so many micro-dollars. */
const askingInput = z.strictObject({
  over: uintText,
  needed: z.int().min(1).max(8),
  /** User ids; "me" is the agent's owner. */
  approvers: z
    .array(z.union([z.literal("me"), z.string().regex(idPattern("user"))]))
    .min(1)
    .max(8),
});

/** Limits that need prices, a clock, a look ahead or people: the signer keeps them, and the owner signs their hash. */
const guardsInput = z.strictObject({
  /** Micro-dollars that all tokens together may be worth, by the price feeds. */
  usd: z.strictObject({ perTransaction: unitsInput, perWindow: unitsInput }).optional(),
  /** When it may act. */
  hours: z.array(hoursGuard).max(8).optional(),
  outcome: z
    .strictObject({
      /** What a trade may lose by the feeds, in hundredths of a percent. */
      lossBpsMax: z.int().min(1).max(10_000).optional(),
      /** What has to be left of tokens, in base units. */
      floors: z
        .array(z.strictObject({ token: addressText, atLeast: uintText }))
        .max(8)
        .optional(),
    })
    .optional(),
  approvals: askingInput.optional(),
  /** Who besides the owner has to agree to a policy that allows more dollars in a window than `over`. */
  changes: askingInput.optional(),
  /** Whom it may pay for what it buys by x402, from its purse. */
  purchases: z
    .strictObject({ payees: z.array(addressText).min(1).max(32), perPayment: unitsInput, perWindow: unitsInput })
    .optional(),
});

export const policyInput = z.strictObject({
  perTransactionCap: unitsInput,
  windowCap: unitsInput,
  windowSeconds: z.int().min(60).max(31_536_000),
  validUntil: isoTime,
  caps: z.array(capInput).max(7).optional(),
  /** The most that may be spent on gas in any window, in wei, whoever pays for it; zero for no limit. */
  gasPerWindow: uintText.optional(),
  guards: guardsInput.optional(),
  rules: z.array(ruleInput).min(1).max(16),
});
export type PolicyInput = z.output<typeof policyInput>;

/** What differs, line by line. */
const policyChange = z.object({
  what: z.enum(["cap", "rule", "window", "gas", "start", "end", "guards"]),
  before: z.string().nullable(),
  after: z.string().nullable(),
});

export const policyVersionStatus = z.enum(["staged", "waiting-owner", "active", "replaced", "withdrawn"]);

export const createAgentInput = z.strictObject({ name: z.string().trim().min(1).max(80), policy: policyInput });
export const confirmAgentInput = z.strictObject({ id: agentId, signature: ownerSignatureInput });

const askingOutput = z.object({
  over: z.string(),
  needed: z.number().int(),
  approvers: z.array(z.object({ owner: z.string(), name: z.string() })),
});

export const policyOutput = z.object({
  token: z.string(),
  perTransactionCap: wireAmount,
  windowCap: wireAmount,
  windowSeconds: z.number().int(),
  gasPerWindow: z.string(),
  guards: z
    .object({
      usd: z.object({ perTransaction: z.string(), perWindow: z.string() }).nullable(),
      hours: z.array(
        z.object({ days: z.array(z.number().int()), from: z.string(), to: z.string(), timeZone: z.string() }),
      ),
      outcome: z
        .object({
          lossBpsMax: z.number().int().nullable(),
          floors: z.array(z.object({ token: z.string(), atLeast: z.string() })),
        })
        .nullable(),
      approvals: askingOutput.nullable(),
      changes: askingOutput.nullish(),
      purchases: z.object({ payees: z.array(z.string()), perPayment: z.string(), perWindow: z.string() }).nullish(),
    })
    .nullable(),
  /** Tokens besides dollars. */
  caps: z.array(z.object({ token: z.string(), perTransaction: z.string(), perWindow: z.string() })),
  validAfter: isoTime,
  validUntil: isoTime,
  rules: z.array(
    z.object({
      target: z.string(),
      selector: z.string(),
      effect: z.enum(["allow", "deny"]),
      /** The address that its first argument must be, where it must be one. */
      counterparty: z.string().nullable(),
      valueMax: z.string(),
      conditions: z.array(
        z.object({
          reading: z.enum(READINGS),
          word: z.number().int(),
          element: z.number().int(),
          comparison: z.enum(COMPARISONS),
          operands: z.array(z.string()),
        }),
      ),
      proof: z.object({ modelId: z.string(), outputMin: z.string(), maxAgeSeconds: z.number().int() }).nullable(),
    }),
  ),
});
export type PolicyView = z.infer<typeof policyOutput>;

export const policyVersionOutput = z.object({
  number: z.int(),
  status: policyVersionStatus,
  isNarrower: z.boolean(),
  policyHash: z.string(),
  /** As its owner wrote it: what the next one is written from. */
  source: policyInput,
  policy: policyOutput,
  effectiveAt: isoTime,
  /** Whether its owner can sign it now. */
  isDue: z.boolean(),
  /** How many others have to agree first, and who did. */
  others: z.object({ needed: z.int(), agreed: z.array(z.string()) }),
  createdAt: isoTime,
  activeAt: isoTime.nullable(),
});
export type PolicyVersionView = z.infer<typeof policyVersionOutput>;
export const policyVersionsOutput = z.object({ data: z.array(policyVersionOutput) });

export const policyPreviewOutput = z.object({
  changes: z.array(policyChange),
  /** Whether it allows nothing that the policy of now does not: then it holds at once. */
  isNarrower: z.boolean(),
  /** How long it would wait otherwise. */
  waitSeconds: z.int(),
  policyHash: z.string(),
  policy: policyOutput,
  /** What was done and refused lately, judged by it. */
  dryRun: z.object({
    days: z.int(),
    tried: z.int(),
    stillAllowed: z.int(),
    stillDenied: z.int(),
    changes: z.array(
      z.object({
        id: z.string(),
        at: isoTime,
        wasDone: z.boolean(),
        rule: z.string().nullable(),
        value: z.string().nullable(),
        fix: z.string().nullable(),
      }),
    ),
  }),
});
export type PolicyPreview = z.infer<typeof policyPreviewOutput>;

const policyNumber = z.coerce.number().int().min(1).max(1_000_000);
export const changePolicyInput = z.strictObject({ id: agentId, policy: policyInput });
export const policyVersionInput = z.strictObject({ id: agentId, number: policyNumber });
export const preparedPolicyOutput = z.object({ version: policyVersionOutput, operation: preparedOperationOutput });

export const AGENT_STATUSES = ["awaiting-owner", "active", "paused", "revoked"] as const;
export const agentOutput = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(AGENT_STATUSES),
  /** The agent's account on chain. */
  account: z.string(),
  /** The address of the key the signer holds. */
  key: z.string(),
  owner: ownerOutput,
  policy: policyOutput,
  grantedAt: isoTime.nullable(),
  grantHash: z.string().nullable(),
  /** When its owner took the key, if they did: the contract holds it to its policy, nobody to its guards. */
  exportedAt: isoTime.nullable(),
  createdAt: isoTime,
});
export type AgentView = z.infer<typeof agentOutput>;

export const agentDetailOutput = agentOutput.extend({
  /** What the signer counts in the window that ends now, everything signed included. */
  spentInWindow: wireAmount,
  leftInWindow: wireAmount,
  /** Dollars in the agent's account on chain. */
  accountBalance: wireAmount,
  /** Dollars in the agent's balance here, for inference. */
  ledgerBalance: wireAmount,
});
export type AgentDetail = z.infer<typeof agentDetailOutput>;

export const createAgentOutput = z.object({ agent: agentOutput, operation: preparedOperationOutput });

export const fundAgentInput = z.strictObject({ id: agentId, units: unitsInput });

export const payInput = z.strictObject({
  id: agentId,
  recipient: addressText,
  units: unitsInput,
  /** The proved inference, where the rule wants one. */
  inferenceId: hash32Text.optional(),
});
export const depositInput = z.strictObject({ id: agentId, units: unitsInput });
const agentCall = z.strictObject({ target: addressText, data: bytesText, inferenceId: hash32Text.optional() });
export const agentCallsInput = z.strictObject({ id: agentId, calls: z.array(agentCall).min(1).max(8) });

/** Either a payment or calls. */
export const simulateInput = z.strictObject({
  id: agentId,
  payment: payInput.omit({ id: true }).optional(),
  calls: z.array(agentCall).min(1).max(8).optional(),
});

export const refusalOutput = z.object({
  refusedBy: z.enum(["signer", "contract", "breaker", "approver"]),
  rule: z.string(),
  value: z.string(),
  fix: z.string(),
});
export type Refusal = z.infer<typeof refusalOutput>;

export const activityOutput = z.object({
  id: z.string(),
  agentId: z.string(),
  kind: z.enum(["payment", "deposit", "call"]),
  /** "planned" is written down and not sent: a repeat of the request carries it on, or it fails after ten minutes. */
  status: z.enum(["refused", "planned", "awaiting-approval", "submitted", "succeeded", "failed"]),
  recipient: z.string().nullable(),
  amount: wireAmount.nullable(),
  inferenceId: z.string().nullable(),
  operationId: z.string().nullable(),
  transactionHash: z.string().nullable(),
  gasUsed: z.string().nullable(),
  refusal: refusalOutput.nullable(),
  error: z.string().nullable(),
  /** The decision of a strategy that it came from. */
  decision: z.object({ strategyId: z.string(), strategy: z.string(), why: z.string() }).nullable(),
  /** Who approved of it. */
  approvals: z.array(z.object({ name: z.string(), at: isoTime })),
  createdAt: isoTime,
});
export type ActivityView = z.infer<typeof activityOutput>;

/** The chain's own answer to a batch, without sending it and without the signer. */
export const simulationOutput = z.object({
  allowed: z.boolean(),
  /** The custom error the account's contract reverted with, and its values. */
  error: z.string().nullable(),
  args: z.array(z.string()),
  gas: z.string().nullable(),
});
export type SimulationView = z.infer<typeof simulationOutput>;

/** What would become of an action: what the signer says of it, and what the chain would. */
export const explanationOutput = z.object({
  allowed: z.boolean(),
  refusal: refusalOutput.nullable(),
  contract: z.object({ error: z.string(), args: z.array(z.string()) }).nullable(),
  gas: z.string().nullable(),
  /** How many people would have to approve first. */
  approvalsNeeded: z.int(),
  /** Names the exact bytes that were judged. */
  callDataHash: z.string(),
});
export type ExplanationView = z.infer<typeof explanationOutput>;

const breakerState = z.object({
  kind: breakerKind,
  isOn: z.boolean(),
  limit: z.string(),
  rearmAt: z.string(),
  seconds: z.int(),
  holdSeconds: z.int().nullable(),
  /** What it measures now; null for one that measures nothing by itself. */
  measured: z.string().nullable(),
  trippedAt: isoTime.nullable(),
  reason: z.string().nullable(),
});
export const breakersOutput = z.object({
  data: z.array(breakerState),
  events: z.array(
    z.object({
      id: z.string(),
      kind: breakerKind,
      what: z.enum(["tripped", "armed"]),
      reason: z.string(),
      createdAt: isoTime,
    }),
  ),
});
export type BreakerView = z.infer<typeof breakersOutput>;
export const setBreakerInput = breakerInput.safeExtend({ id: agentId });
export const tripBreakerInput = z.strictObject({ id: agentId, reason: z.string().trim().min(3).max(300) });
export const stopAgentsInput = z.strictObject({ reason: z.string().trim().min(3).max(300) });
export const stopAgentsOutput = z.object({ stopped: z.int() });
export const armBreakerInput = z.strictObject({ id: agentId, kind: breakerKind });
export const haltInput = z.strictObject({ halted: z.boolean(), reason: z.string().trim().min(3).max(300) });
export const haltOutput = z.object({ halted: z.boolean(), reason: z.string().nullable() });

/** An action that waits for people. */
export const approvalRequestOutput = z.object({
  /** The action in the agent's history. */
  id: z.string(),
  agent: z.object({ id: z.string(), name: z.string(), account: z.string() }),
  /** Whose agent it is: anybody may name anybody as an approver. */
  owner: z.object({ id: z.string(), name: z.string().nullable(), isYou: z.boolean() }),
  kind: z.enum(["payment", "deposit", "call"]),
  /** The calls as their bytes say. */
  calls: z.array(z.object({ target: z.string(), value: z.string(), data: z.string() })),
  /** What the account would gain and lose, tried out on the newest block; null when it would not go through. */
  effects: z
    .array(z.object({ token: z.string(), symbol: z.string(), decimals: z.int(), change: z.string() }))
    .nullable(),
  over: z.string(),
  needed: z.int(),
  approved: z.array(z.object({ name: z.string(), at: isoTime })),
  /** What you sign to approve; null when you did already. */
  toSign: preparedOperationOutput.omit({ id: true, expiresAt: true }).nullable(),
  /** The operation that is signed when enough have approved. */
  userOperationHash: z.string(),
  callDataHash: z.string(),
  createdAt: isoTime,
  expiresAt: isoTime,
});
export type ApprovalRequest = z.infer<typeof approvalRequestOutput>;
/** A policy that waits for others than its owner. */
export const agreementRequestOutput = z.object({
  agent: z.object({ id: z.string(), name: z.string(), account: z.string() }),
  owner: z.object({ id: z.string(), name: z.string().nullable(), isYou: z.boolean() }),
  number: z.int(),
  policyHash: z.string(),
  changes: z.array(policyChange),
  needed: z.int(),
  agreed: z.array(z.string()),
  /** What you sign to agree; null when you did already. */
  toSign: preparedOperationOutput.omit({ id: true, expiresAt: true }).nullable(),
  createdAt: isoTime,
});
export type AgreementRequest = z.infer<typeof agreementRequestOutput>;
export const agreePolicyInput = z.strictObject({ id: agentId, number: policyNumber, signature: ownerSignatureInput });
export const approvalRequestsOutput = z.object({
  data: z.array(approvalRequestOutput),
  policies: z.array(agreementRequestOutput),
});
export const approveInput = z.strictObject({ id: paymentId, signature: ownerSignatureInput });
export const rejectInput = z.strictObject({ id: paymentId, reason: z.string().trim().min(3).max(300) });

const publicKeyText = z.string().regex(/^0x04[0-9a-f]{128}$/, "An uncompressed point of P-256.");
export const prepareExportInput = z.strictObject({ id: agentId, recipient: publicKeyText });
export const prepareExportOutput = preparedOperationOutput
  .omit({ id: true, expiresAt: true })
  .extend({ expiresAt: z.int() });
export const exportKeyInput = z.strictObject({
  id: agentId,
  recipient: publicKeyText,
  expiresAt: z.int(),
  signature: ownerSignatureInput,
});
/** The key, sealed to the recipient: ECDH on P-256, HKDF-SHA-256, AES-256-GCM. */
export const sealedKeyOutput = z.object({ ephemeral: z.string(), iv: z.string(), ciphertext: z.string() });

export const resumeOutput = z.object({ agent: agentOutput, operation: preparedOperationOutput });
