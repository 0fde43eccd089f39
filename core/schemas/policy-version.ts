import { z } from "zod";
import { OUTCOMES, UNTRIED_GUARDS, UNTRIED_WHYS } from "../policy/dry-run.ts";
import { preparedOperationOutput } from "./account.ts";
import { agentId } from "./agent.ts";
import { policyChange, policyInput, policyOutput } from "./agent-policy.ts";

const isoTime = z.iso.datetime();

export const policyVersionStatus = z.enum(["staged", "waiting-owner", "active", "replaced", "withdrawn"]);

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
  /** What was done, bought and refused lately, judged by it, each by the time and the prices of its own moment. */
  dryRun: z.object({
    days: z.int(),
    /** How many were judged to the end: those that would come out as they did, and the changes. */
    tried: z.int(),
    stillAllowed: z.int(),
    stillWaiting: z.int(),
    stillDenied: z.int(),
    changes: z.array(
      z.object({
        id: z.string(),
        /** Something the account was to do, or a purchase from the purse. */
        kind: z.enum(["action", "purchase"]),
        at: isoTime,
        wasDone: z.boolean(),
        /** Whether people were asked for their approval then. */
        waited: z.boolean(),
        would: z.enum(OUTCOMES),
        rule: z.string().nullable(),
        value: z.string().nullable(),
        fix: z.string().nullable(),
      }),
    ),
    /** Those that nothing denies which could be tried, and that a guard might have denied which could not. */
    untried: z.object({
      actions: z.int(),
      /** Which guards, and what was not written down then. */
      guards: z.array(z.object({ guard: z.enum(UNTRIED_GUARDS), why: z.enum(UNTRIED_WHYS), actions: z.int() })),
    }),
    /** Older ones of these days, beyond the most that are looked at. */
    leftOut: z.int(),
  }),
});
export type PolicyPreview = z.infer<typeof policyPreviewOutput>;

export const policyNumber = z.coerce.number().int().min(1).max(1_000_000);
export const changePolicyInput = z.strictObject({ id: agentId, policy: policyInput });
export const policyVersionInput = z.strictObject({ id: agentId, number: policyNumber });
export const preparedPolicyOutput = z.object({ version: policyVersionOutput, operation: preparedOperationOutput });
