import type { Address } from "viem";
import type { MarketView, Portfolio } from "../market/market-view.ts";

/** What a strategy wants done. The policy decides whether it is. */
export type Intent =
  | { kind: "swap"; sell: Address; buy: Address; amountIn: bigint; amountOutMin: bigint }
  | { kind: "pay"; recipient: Address; units: bigint }
  | { kind: "deposit"; units: bigint };

/** What a strategy remembers between two looks at the market: texts and numbers alone. */
export type StrategyState = Readonly<Record<string, string | number | boolean>>;

/** What a strategy decided and why, in a sentence that names the figures. */
export type Decision = {
  why: string;
  intent: Intent | null;
  /** Somebody should be told. */
  isAlert: boolean;
  /** What it remembers once the intent was carried out, or there was none. */
  state: StrategyState;
  /** Nothing is left to do. */
  isDone: boolean;
};

/** What a strategy sees when it decides. */
export type Situation = {
  market: MarketView;
  portfolio: Portfolio;
  /** Micro-dollars in the agent's balance here. */
  balanceHere: bigint;
  state: StrategyState;
};

export const hold = (why: string, state: StrategyState, more: Partial<Decision> = {}): Decision => ({
  why,
  intent: null,
  isAlert: false,
  state,
  isDone: false,
  ...more,
});

export const act = (why: string, intent: Intent, state: StrategyState, more: Partial<Decision> = {}): Decision => ({
  why,
  intent,
  isAlert: false,
  state,
  isDone: false,
  ...more,
});
