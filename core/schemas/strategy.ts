import { z } from "zod";
import { idPattern } from "../ids.ts";
import { strategySettings } from "../strategies/settings.ts";
import { agentId, refusalOutput } from "./agent.ts";
import { pageInput } from "./page.ts";

const isoTime = z.iso.datetime();
const uintText = z.string().regex(/^\d{1,38}$/);
export const strategyId = z.string().regex(idPattern("strategy"));
export const strategyMode = z.enum(["dry-run", "live"]);
export const strategyStatus = z.enum(["running", "stopped", "done"]);
export const decisionOutcome = z.enum(["planned", "noted", "tried-dry", "refused", "submitted", "succeeded", "failed"]);

export const createStrategyInput = z.strictObject({
  id: agentId,
  name: z.string().trim().min(1).max(80),
  settings: strategySettings,
  /** Without it the strategy decides, and says what would become of it, and nothing more. */
  mode: strategyMode.default("dry-run"),
});
export const strategyIdInput = z.strictObject({ id: strategyId });
export const setStrategyInput = z.strictObject({
  id: strategyId,
  mode: strategyMode.optional(),
  status: z.enum(["running", "stopped"]).optional(),
});
export const listDecisionsInput = pageInput.extend({ id: strategyId });

export const strategyOutput = z.object({
  id: z.string(),
  agentId: z.string(),
  name: z.string(),
  settings: strategySettings,
  mode: strategyMode,
  status: strategyStatus,
  /** Why it did what it did last, or nothing. */
  lastWhy: z.string().nullable(),
  lastAt: isoTime.nullable(),
  nextAt: isoTime,
  createdAt: isoTime,
});
export type StrategyView = z.infer<typeof strategyOutput>;
export const strategiesOutput = z.object({ data: z.array(strategyOutput) });

/** One thing that a model asked for, and what it was told. */
export const strategyStep = z.object({
  thought: z.string(),
  tool: z.string(),
  input: z.record(z.string(), z.string()),
  result: z.string(),
  /** The action in the agent's history, where it came to one. */
  activityId: z.string().nullable(),
});
export type StrategyStep = z.infer<typeof strategyStep>;

export const decisionOutput = z.object({
  id: z.string(),
  strategyId: z.string(),
  why: z.string(),
  /** What it wanted done: "swap", "pay" or "deposit" with its amounts. */
  intent: z.record(z.string(), z.string()).nullable(),
  isAlert: z.boolean(),
  outcome: decisionOutcome,
  steps: z.array(strategyStep),
  refusal: refusalOutput.nullable(),
  activityId: z.string().nullable(),
  createdAt: isoTime,
});
export type DecisionView = z.infer<typeof decisionOutput>;

const marketToken = z.object({
  token: z.string(),
  symbol: z.string(),
  decimals: z.int(),
  /** Dollars for one whole coin, with eight digits behind the point. */
  price: z.string(),
  poolPrice: z.string(),
  /** Micro-dollars on the dollar side of its pool. */
  depth: z.string(),
  pricedAt: isoTime,
  isStale: z.boolean(),
});
export const marketOutput = z.object({ usd: z.string(), router: z.string(), data: z.array(marketToken) });
export type MarketOutput = z.infer<typeof marketOutput>;

export const portfolioInput = z.strictObject({ id: agentId });
export const portfolioOutput = z.object({
  /** Micro-dollars that everything in the agent's account that a feed prices is worth. */
  value: z.string(),
  data: z.array(
    z.object({
      token: z.string(),
      symbol: z.string(),
      decimals: z.int(),
      amount: z.string(),
      /** Micro-dollars; null of what no feed prices. */
      value: z.string().nullable(),
      /** Hundredths of a percent of what has a price; null of what has none. */
      shareBps: z.int().nullable(),
    }),
  ),
});
export type PortfolioView = z.infer<typeof portfolioOutput>;

export const backtestInput = z.strictObject({
  settings: strategySettings,
  /** "noted": the prices of the last hours. "walk": a made-up walk of prices from a seed. */
  prices: z.discriminatedUnion("source", [
    z.strictObject({ source: z.literal("noted"), hours: z.int().min(1).max(720) }),
    z.strictObject({
      source: z.literal("walk"),
      seed: z.int().min(0).max(4_294_967_295),
      steps: z.int().min(10).max(2_000).default(600),
      stepSeconds: z.int().min(10).max(86_400).default(3_600),
      /** The furthest a price goes in one step, in hundredths of a percent. */
      stepBpsMax: z.int().min(1).max(2_000).default(150),
    }),
  ]),
  /** What it begins with: micro-dollars, and base units of each token. */
  start: z.strictObject({
    usd: uintText,
    held: z
      .array(z.strictObject({ token: z.string(), amount: uintText }))
      .max(8)
      .default([]),
  }),
  /** Micro-dollars on the dollar side of each pool. */
  depth: uintText.default("1500000000000"),
  gas: uintText.default("0"),
});
export const backtestOutput = z.object({
  points: z.array(z.object({ at: isoTime, value: z.string(), untouched: z.string() })),
  trades: z.array(
    z.object({
      at: isoTime,
      why: z.string(),
      sell: z.string(),
      buy: z.string(),
      amountIn: z.string(),
      out: z.string(),
    }),
  ),
  tradeCount: z.int(),
  alerts: z.array(z.object({ at: isoTime, why: z.string() })),
  paid: z.string(),
  gas: z.string(),
  drawdownBps: z.int(),
});
export type BacktestView = z.infer<typeof backtestOutput>;
