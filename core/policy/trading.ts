import type { PolicyInput, RuleInput } from "../schemas/agent-policy.ts";

/** What has to be known of a market to write rules for it. */
export type TradingPlace = { usd: string; router: string; tokens: readonly string[] };

const SWAP =
  "swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline)";

/**
 * Rules to trade by: each token may be allowed to the router alone, and what comes out of a trade goes to the account
 * itself and is one of the tokens named here.
 */
export function tradingRules({ usd, router, tokens }: TradingPlace): RuleInput[] {
  const all = [usd, ...tokens];
  return [
    ...all.map(
      (target): RuleInput => ({
        kind: "function",
        target,
        function: "approve(address spender, uint256 amount)",
        where: [{ argument: "spender", is: router }],
      }),
    ),
    {
      kind: "function",
      target: router,
      function: SWAP,
      where: [
        { argument: "to", is: "self" },
        { argument: "path[last]", oneOf: all },
      ],
    },
  ];
}

/** Whether a rule is the one by which an agent trades. */
export const isTradingRule = (rule: RuleInput): boolean => rule.kind === "function" && rule.function === SWAP;

/** Caps for tokens that are sold, in their base units. */
export const tradingCaps = (
  caps: readonly { token: string; perTransaction: bigint; perWindow: bigint }[],
): NonNullable<PolicyInput["caps"]> =>
  caps.map(({ token, perTransaction, perWindow }) => ({
    token,
    perTransaction: perTransaction.toString(),
    perWindow: perWindow.toString(),
  }));
