import { z } from "zod";
import { breakerReading } from "../breakers.ts";
import { activityOutput, agentId, paymentId } from "./agent.ts";
import { policyOutput } from "./agent-policy.ts";

const isoTime = z.iso.datetime();
/** Base units of a token; its name and digits where it is known here. */
const token = z.object({ token: z.string(), symbol: z.string().nullable(), decimals: z.int().nullable() });
export type TokenName = z.infer<typeof token>;

export const actionInput = z.strictObject({ id: agentId, actionId: paymentId });

const asker = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("person"), name: z.string().nullable() }),
  z.object({
    kind: z.literal("key"),
    keyId: z.string(),
    name: z.string().nullable(),
    /** Whether it is the agent's own key, and whether it came over the Model Context Protocol. */
    isAgents: z.boolean(),
    isMcp: z.boolean(),
  }),
  z.object({
    kind: z.literal("strategy"),
    strategyId: z.string(),
    name: z.string(),
    turn: z.int(),
    /** Why, in the strategy's or the model's words. */
    why: z.string(),
    /** What a model asked for; null of rules. */
    proposal: z.object({ tool: z.string(), input: z.record(z.string(), z.string()) }).nullable(),
  }),
]);
export type Asker = z.infer<typeof asker>;

/** What the signer judged at one moment, beside the limits of the policy of then. */
const judgementOutput = z.object({
  at: isoTime,
  policyHash: z.string(),
  /** The policy's number, and what it said; null where it is no longer known here. */
  policyNumber: z.int().nullable(),
  windowSeconds: z.int().nullable(),
  guards: policyOutput.shape.guards,
  /** For each call the rule that let it pass: its place from one on, and what it says. */
  rules: z.array(z.object({ number: z.int(), rule: policyOutput.shape.rules.element.nullable() })),
  caps: z.array(
    token.extend({
      spent: z.string(),
      /** What counted in the window before, and with this action. */
      before: z.string(),
      after: z.string(),
      perTransaction: z.string().nullable(),
      perWindow: z.string().nullable(),
    }),
  ),
  /** Micro-dollars, by the price feeds; null where the guards did not ask. */
  usd: z.object({ value: z.string(), before: z.string(), after: z.string() }).nullable(),
  /** Tried out before it was signed; null where the guards did not ask. */
  outcome: z.array(token.extend({ before: z.string(), after: z.string() })).nullable(),
});
export type JudgementView = z.infer<typeof judgementOutput>;

const transactionOutput = z.object({
  orderedAt: isoTime.nullable(),
  sentAt: isoTime.nullable(),
  hash: z.string().nullable(),
  blockNumber: z.string().nullable(),
  minedAt: isoTime.nullable(),
  /** Who sent the bundle; null while the chain cannot be asked. */
  sender: z.string().nullable(),
  gasUsed: z.string().nullable(),
  /** Wei. */
  gasCost: z.string().nullable(),
  payer: z.string().nullable(),
  /** Whether somebody else than the account paid for the gas. */
  isSponsored: z.boolean(),
});
export type ActionTransaction = z.infer<typeof transactionOutput>;

/** What the operation did, read from the chain's own events. */
const outcomeOutput = z.object({
  /** Tokens that came to the account, or left it. */
  movements: z.array(token.extend({ from: z.string(), to: z.string(), amount: z.string(), isIn: z.boolean() })),
  events: z.array(
    z.object({
      address: z.string(),
      /** The contract's name, where it is one of ours. */
      contract: z.string().nullable(),
      name: z.string(),
      values: z.array(z.object({ name: z.string(), value: z.string() })),
    }),
  ),
});
export type ActionOutcome = z.infer<typeof outcomeOutput>;

/** Everything that is known of one action, from who asked to what came of it. What was not recorded is null. */
export const actionOutput = activityOutput.extend({
  agent: z.object({ id: z.string(), name: z.string(), account: z.string(), key: z.string() }),
  askedBy: asker.nullable(),
  calls: z.array(z.object({ target: z.string(), value: z.string(), data: z.string() })),
  callDataHash: z.string(),
  /** The newest state it is in, and since when. */
  updatedAt: isoTime,
  judged: judgementOutput.nullable(),
  breakers: z.array(breakerReading).nullable(),
  /** How many people it needs, what they sign, and until when; null where it needs none. */
  approval: z.object({ needed: z.int(), hash: z.string().nullable(), until: isoTime.nullable() }).nullable(),
  signed: judgementOutput.nullable(),
  operation: z.object({ hash: z.string(), nonce: z.string() }).nullable(),
  transaction: transactionOutput.nullable(),
  outcome: outcomeOutput.nullable(),
});
export type ActionView = z.infer<typeof actionOutput>;
