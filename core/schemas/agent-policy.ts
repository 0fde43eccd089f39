import { z } from "zod";
import { idPattern } from "../ids.ts";
import { hoursGuard } from "../policy/guards.ts";
import { demandSchema, functionText } from "../policy/language.ts";
import { COMPARISONS, READINGS } from "../policy/policy.ts";
import { addressText, hash32Text, selectorText, unitsInput, wireAmount } from "./account.ts";

export const uintText = z.string().regex(/^\d{1,38}$/);
const isoTime = z.iso.datetime();

/** A fresh proved output of a model, asked for by the agent's account. */
const proofInput = z.strictObject({
  modelId: hash32Text,
  outputMin: z.string().regex(/^\d{1,77}$/),
  maxAgeSeconds: z.int().min(1).max(31_536_000),
});

/** Dollars to one address, with a proof when one is asked for. */
const payRule = z.strictObject({ kind: z.literal("pay"), recipient: addressText, proof: proofInput.optional() });
/** Dollars into the agent's own balance here, to buy inference with. */
export const depositRule = z.strictObject({ kind: z.literal("deposit") });
/** One function of one contract, optionally only with this address as its first argument. */
export const callRule = z.strictObject({
  kind: z.literal("call"),
  target: addressText,
  selector: selectorText,
  counterparty: addressText.optional(),
  proof: proofInput.optional(),
});
/** One function, written as in Solidity, with demands on its arguments; or the same forbidden. */
export const functionRule = z.strictObject({
  kind: z.literal("function"),
  effect: z.enum(["allow", "deny"]).optional(),
  target: addressText,
  function: functionText,
  where: z.array(demandSchema).max(16).optional(),
  /** The most ether that goes with one call, in wei. */
  valueMax: uintText.optional(),
  proof: proofInput.optional(),
});
/** Ether to one address. */
const etherRule = z.strictObject({ kind: z.literal("ether"), recipient: addressText, valueMax: uintText });

/** What the owner allows, in words; each becomes one or two rules of the contract's policy. */
export const ruleInput = z.discriminatedUnion("kind", [payRule, depositRule, callRule, functionRule, etherRule]);
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
export const guardsInput = z.strictObject({
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

/** How much, and in which time. */
export const limitsInput = z.strictObject({
  perTransactionCap: unitsInput,
  windowCap: unitsInput,
  windowSeconds: z.int().min(60).max(31_536_000),
  caps: z.array(capInput).max(7).optional(),
  /** The most that may be spent on gas in any window, in wei, whoever pays for it; zero for no limit. */
  gasPerWindow: uintText.optional(),
});

export const policyInput = limitsInput.extend({
  validUntil: isoTime,
  guards: guardsInput.optional(),
  rules: z.array(ruleInput).min(1).max(16),
});
export type PolicyInput = z.output<typeof policyInput>;

/** What differs, line by line. */
export const policyChange = z.object({
  what: z.enum(["cap", "rule", "window", "gas", "start", "end", "guards"]),
  before: z.string().nullable(),
  after: z.string().nullable(),
});

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
