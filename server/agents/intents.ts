import type { Address } from "viem";
import { encodeFunctionData, erc20Abi } from "viem";
import { z } from "zod";
import { uniswapV2RouterAbi } from "#core/generated/abis.ts";
import { addressSchema, uintSchema } from "#core/policy/policy.ts";
import type { ActivityView, ExplanationView } from "#core/schemas/agent.ts";
import type { Intent } from "#core/strategies/decision.ts";
import { tradeRouter } from "#server/chain/market.ts";
import type { Actor } from "#server/identity/actor.ts";
import { callAsAgent, depositAsAgent, payAsAgent } from "#server/wallets/act-as-agent.ts";
import type { Turn } from "#server/wallets/action-record.ts";
import { explainAction } from "#server/wallets/explain-action.ts";

const amount = uintSchema(2n ** 128n - 1n);

/** An intent as it is written down. */
export const intentSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("swap"),
    sell: addressSchema,
    buy: addressSchema,
    amountIn: amount,
    amountOutMin: amount,
  }),
  z.strictObject({ kind: z.literal("pay"), recipient: addressSchema, units: amount }),
  z.strictObject({ kind: z.literal("deposit"), units: amount }),
]);

export const intentToJson = (intent: Intent): Record<string, string> =>
  Object.fromEntries(Object.entries(intent).map(([key, value]) => [key, String(value)]));

/** How long a trade may wait for its block. */
const TRADE_SECONDS = 600;

/** The calls of a trade: exactly what is sold is allowed to the router, and what comes out goes to the account itself. */
export function swapCalls(
  intent: Extract<Intent, { kind: "swap" }>,
  account: Address,
  decidedAt: Date,
): { target: Address; data: `0x${string}` }[] {
  const router = tradeRouter();
  const { sell, buy, amountIn, amountOutMin } = intent;
  const deadline = BigInt(Math.floor(decidedAt.getTime() / 1_000) + TRADE_SECONDS);
  return [
    {
      target: sell,
      data: encodeFunctionData({ abi: erc20Abi, functionName: "approve", args: [router, amountIn] }),
    },
    {
      target: router,
      data: encodeFunctionData({
        abi: uniswapV2RouterAbi,
        functionName: "swapExactTokensForTokens",
        args: [amountIn, amountOutMin, [sell, buy], account, deadline],
      }),
    },
  ];
}

export type Ordered = { intent: Intent; agentId: string; account: Address; decidedAt: Date; key: string; turn: Turn };

/** Has the agent do it: the policy and the breakers decide. Asked again under the same key it happens once. */
export function carryOut(
  actor: Actor,
  { intent, agentId: id, account, decidedAt, key, turn }: Ordered,
): Promise<ActivityView> {
  switch (intent.kind) {
    case "swap":
      return callAsAgent(actor, { id, calls: swapCalls(intent, account, decidedAt), key, turn });
    case "pay":
      return payAsAgent(actor, { id, recipient: intent.recipient, units: intent.units.toString(), key, turn });
    case "deposit":
      return depositAsAgent(actor, { id, units: intent.units.toString(), key, turn });
  }
}

/** Says what would become of it. */
export function tryOut(actor: Actor, { intent, agentId: id, account, decidedAt }: Ordered): Promise<ExplanationView> {
  switch (intent.kind) {
    case "swap":
      return explainAction(actor, { id, calls: swapCalls(intent, account, decidedAt) });
    case "pay":
      return explainAction(actor, { id, payment: { recipient: intent.recipient, units: intent.units.toString() } });
    case "deposit":
      return explainAction(actor, { id, deposit: { units: intent.units.toString() } });
  }
}
