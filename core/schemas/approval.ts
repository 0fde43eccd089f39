import { z } from "zod";
import { ownerSignatureInput, preparedOperationOutput } from "./account.ts";
import { agentId, paymentId } from "./agent.ts";
import { policyChange } from "./agent-policy.ts";
import { policyNumber } from "./policy-version.ts";

const isoTime = z.iso.datetime();

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
