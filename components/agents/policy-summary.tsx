import { isTradingRule } from "#core/policy/trading.ts";
import type { PolicyInput } from "#core/schemas/agent-policy.ts";
import type { MarketOutput } from "#core/schemas/strategy.ts";
import { Amount } from "../money/amount.tsx";
import { shorten } from "../ui/identifier.tsx";
import { windowWord } from "./window-word.ts";

type Props = { policy: PolicyInput | null; market: MarketOutput | null };

/** A policy as one reads a contract: each sentence a limit. */
export function PolicySummary({ policy, market }: Props) {
  if (policy === null)
    return <p className="text-ink-2 text-sm">The sentence to sign appears here when the form is complete.</p>;
  const trades = policy.rules.some(isTradingRule);
  return (
    <ul className="flex flex-col gap-2 text-sm">
      <li>
        At most <Amount units={policy.perTransactionCap} className="font-medium" /> a payment, and{" "}
        <Amount units={policy.windowCap} className="font-medium" /> in {windowWord(policy.windowSeconds)}.
      </li>
      {policy.guards?.approvals && (
        <li>
          Above <Amount units={policy.guards.approvals.over} className="font-medium" /> it asks you first, each time.
        </li>
      )}
      {policy.rules.map((rule) => {
        if (rule.kind === "deposit") return <li key="deposit">It may fill its own balance here.</li>;
        if (rule.kind !== "pay") return null;
        return (
          <li key={rule.recipient}>
            It may pay <code className="font-mono">{shorten(rule.recipient)}</code>
            {rule.proof && <> only with a fresh proof whose output is at least {rule.proof.outputMin}</>}.
          </li>
        );
      })}
      {trades && (
        <li>
          It may trade dollars, {market?.data.map(({ symbol }) => symbol).join(" and ")} on the pools, and sell of each
          no more than these dollars are worth today. What it buys can only go to its own account.
        </li>
      )}
      <li className="text-ink-2">
        It cannot {trades ? "" : "trade, "}pay anybody else, give others a hold on its money, or change these limits.
        Everything that is not named is denied. All of it ends on{" "}
        {new Date(policy.validUntil).toLocaleDateString("en-GB", { dateStyle: "long" })}.
      </li>
    </ul>
  );
}
