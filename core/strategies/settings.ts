import { z } from "zod";
import { addressText, unitsInput } from "../schemas/account.ts";

const bps = (max: number) => z.int().min(1).max(max);
const seconds = z.int().min(10).max(31_536_000);
const price = z.string().regex(/^[1-9]\d{0,29}$/, "Expected a price with eight digits behind the point, as digits.");
const baseUnits = z.string().regex(/^[1-9]\d{0,37}$/, "Expected base units as digits.");

/** Says when a price goes above or below a line, or moves by so much within a time. */
export const monitorSettings = z
  .strictObject({
    kind: z.literal("monitor"),
    token: addressText,
    above: price.optional(),
    below: price.optional(),
    moveBps: bps(10_000).optional(),
    windowSeconds: seconds.default(3_600),
  })
  .refine(({ above, below, moveBps }) => above ?? below ?? moveBps, "Name a price above, a price below or a move.");

/** Keeps shares of the whole: what is too much is sold, what is too little bought, one trade at a time. */
export const rebalanceSettings = z
  .strictObject({
    kind: z.literal("rebalance"),
    /** Hundredths of a percent of the whole; what is left of 100 % stays in dollars. */
    targets: z
      .array(z.strictObject({ token: addressText, shareBps: z.int().min(0).max(10_000) }))
      .min(1)
      .max(8),
    /** How far a share may be off before anything is done. */
    bandBps: bps(5_000).default(500),
    /** The most that a trade may lose against the feed's price, the pool's fee and the gas included. */
    costBpsMax: bps(1_000).default(100),
    /** The most that the price may move between the decision and the trade. */
    slippageBps: bps(1_000).default(50),
    /** Micro-dollars: what is not worth a trade, and the most that one trade moves. */
    tradeMin: unitsInput.default("1000000"),
    tradeMax: unitsInput.optional(),
  })
  .refine(({ targets }) => targets.reduce((sum, { shareBps }) => sum + shareBps, 0) <= 10_000, {
    message: "The shares come to more than the whole.",
    path: ["targets"],
  })
  .refine(({ targets }) => new Set(targets.map(({ token }) => token.toLowerCase())).size === targets.length, {
    message: "A token has one share.",
    path: ["targets"],
  });

/** Buys for the same sum again and again. */
export const recurringSettings = z.strictObject({
  kind: z.literal("recurring-buy"),
  token: addressText,
  units: unitsInput,
  everySeconds: seconds,
  /** Stops when so much is spent in all. */
  totalMax: unitsInput.optional(),
  costBpsMax: bps(1_000).default(100),
  slippageBps: bps(1_000).default(50),
});

/** Buys or sells once, at a price or better. The price holds on the chain: the pool gives it, or nothing happens. */
export const limitSettings = z.discriminatedUnion("side", [
  z.strictObject({
    kind: z.literal("limit-order"),
    side: z.literal("buy"),
    token: addressText,
    units: unitsInput,
    price,
    expiresAt: z.iso.datetime(),
  }),
  z.strictObject({
    kind: z.literal("limit-order"),
    side: z.literal("sell"),
    token: addressText,
    amount: baseUnits,
    price,
    expiresAt: z.iso.datetime(),
  }),
]);

/** Pays bills, and keeps the agent's balance here filled for what it buys. */
export const payerSettings = z
  .strictObject({
    kind: z.literal("payer"),
    keep: z.strictObject({ below: unitsInput, upTo: unitsInput }).optional(),
    bills: z
      .array(
        z.strictObject({
          label: z.string().trim().min(1).max(80),
          recipient: addressText,
          units: unitsInput,
          everySeconds: seconds,
        }),
      )
      .max(16)
      .default([]),
  })
  .refine(({ keep, bills }) => keep !== undefined || bills.length > 0, "Name a bill, or a balance to keep.")
  .refine(({ keep }) => keep === undefined || BigInt(keep.upTo) > BigInt(keep.below), {
    message: "It is filled up to more than what it is filled at.",
    path: ["keep", "upTo"],
  });

/** A goal given to a language model. Whatever it answers is a proposal: the policy decides. */
export const modelSettings = z.strictObject({
  kind: z.literal("model"),
  goal: z.string().trim().min(3).max(4_000),
  model: z.string().min(1).max(200),
  everySeconds: seconds.default(300),
  /** How many times in a row it may ask for something before it has to be done. */
  stepsMax: z.int().min(1).max(12).default(6),
  maxTokens: z.int().min(16).max(2_048).default(256),
});

export const strategySettings = z.discriminatedUnion("kind", [
  monitorSettings,
  rebalanceSettings,
  recurringSettings,
  limitSettings,
  payerSettings,
  modelSettings,
]);
export type StrategySettings = z.output<typeof strategySettings>;
export type StrategySettingsInput = z.input<typeof strategySettings>;
export const STRATEGY_KINDS = ["monitor", "rebalance", "recurring-buy", "limit-order", "payer", "model"] as const;
export type StrategyKind = (typeof STRATEGY_KINDS)[number];
/** What follows rules, and so can be tried on the past. */
export type RuleSettings = Exclude<StrategySettings, { kind: "model" }>;
