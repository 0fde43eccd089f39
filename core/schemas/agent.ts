import { z } from "zod";
import { breakerInput, breakerKind } from "../breakers.ts";
import { idPattern } from "../ids.ts";
import {
  addressText,
  bytesText,
  hash32Text,
  ownerOutput,
  ownerSignatureInput,
  preparedOperationOutput,
  unitsInput,
  wireAmount,
} from "./account.ts";
import { policyInput, policyOutput } from "./agent-policy.ts";
import { pageInput } from "./page.ts";
import { madeFromInput } from "./policy-template.ts";

const publicKeyText = z.string().regex(/^0x04[0-9a-f]{128}$/, "An uncompressed point of P-256.");
const isoTime = z.iso.datetime();
export const agentId = z.string().regex(idPattern("agent"));
export const paymentId = z.string().regex(idPattern("payment"));

/** A key that its owner has already, sealed to the signer for one agent: `POST /agents/import` says to what, and for whom. */
const importedKeyInput = z.strictObject({
  agentId,
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  expiresAt: z.int(),
  address: addressText,
  sealed: z.strictObject({
    ephemeral: publicKeyText,
    iv: z.string().regex(/^0x[0-9a-f]{24}$/, "12 bytes of hex."),
    ciphertext: z.string().regex(/^0x[0-9a-f]{96}$/, "A key of 32 bytes and a tag of 16, as hex."),
  }),
});
export type ImportedKeyInput = z.output<typeof importedKeyInput>;
export const importSlotOutput = z.object({
  /** What the agent will be called, and where its account will be. */
  agentId: z.string(),
  account: z.string(),
  chainId: z.int(),
  /** The signer's public key for this one import, an uncompressed point of P-256. */
  recipient: z.string(),
  keyId: z.string(),
  /** Seconds since 1970. */
  expiresAt: z.int(),
});

export const createAgentInput = z.strictObject({
  name: z.string().trim().min(1).max(80),
  policy: policyInput,
  /** The template that the policy began with, to be remembered; what holds is the policy. */
  template: madeFromInput.optional(),
  importedKey: importedKeyInput.optional(),
});
export const confirmAgentInput = z.strictObject({ id: agentId, signature: ownerSignatureInput });

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
  /** The template that its first policy began with, by the name of then. Later versions of it change nothing here. */
  template: z.object({ id: z.string(), version: z.int(), name: z.string() }).nullable(),
  /** When its owner brought the key, if it was not made here: the same holds for whoever else has it. */
  importedAt: isoTime.nullable(),
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

export const ACTIVITY_KINDS = ["payment", "deposit", "call"] as const;
/** "planned" is written down and not sent: a repeat of the request carries it on, or it fails after ten minutes. */
export const ACTIVITY_STATUSES = [
  "refused",
  "planned",
  "awaiting-approval",
  "submitted",
  "succeeded",
  "failed",
] as const;
export const listActivityInput = pageInput.extend({
  id: agentId,
  status: z.enum(ACTIVITY_STATUSES).optional(),
  kind: z.enum(ACTIVITY_KINDS).optional(),
});

export const activityOutput = z.object({
  id: z.string(),
  agentId: z.string(),
  kind: z.enum(ACTIVITY_KINDS),
  status: z.enum(ACTIVITY_STATUSES),
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
