import { tradingRules } from "#core/policy/trading.ts";
import type { PolicyInput, RuleInput } from "#core/schemas/agent-policy.ts";
import type { MarketOutput } from "#core/schemas/strategy.ts";
import { NamedAddress } from "../addresses/named-address.tsx";
import { Amount } from "../money/amount.tsx";
import { shorten } from "../ui/identifier.tsx";
import { guardWords } from "./guard-words.ts";
import { proofWords, ruleWords } from "./rule-words.ts";
import { windowWord } from "./window-word.ts";

type Props = { policy: PolicyInput | null; market: MarketOutput | null };

/** The rules by which what the market has is traded; a sentence of their own stands for all of them. */
function findTrading(rules: readonly RuleInput[], market: MarketOutput | null): ReadonlySet<RuleInput> {
  if (!market) return new Set();
  const trading = tradingRules({ ...market, tokens: market.data.map(({ token }) => token) });
  const texts = new Set(trading.map((rule) => JSON.stringify(rule)));
  const found = rules.filter((rule) => texts.has(JSON.stringify(rule)));
  return new Set(found.length === trading.length ? found : []);
}

/** Guards besides approvals, as the page of an agent says them. */
const guardsOf = ({ usd, hours, outcome }: NonNullable<PolicyInput["guards"]>): string[] =>
  guardWords({
    usd: usd ?? null,
    hours: hours ?? [],
    outcome: outcome ? { lossBpsMax: outcome.lossBpsMax ?? null, floors: outcome.floors ?? [] } : null,
    approvals: null,
  });

/** Everything besides dollars, deposits and trades: a sentence each. */
function otherWords(policy: PolicyInput, trading: ReadonlySet<RuleInput>, market: MarketOutput | null): string[] {
  const { caps = [], gasPerWindow = "0", guards, rules, windowSeconds } = policy;
  const isTraded = (token: string) => trading.size > 0 && market?.data.some((one) => one.token === token) === true;
  return [
    ...rules.flatMap((rule) =>
      rule.kind === "deposit" || rule.kind === "pay" || trading.has(rule) ? [] : [ruleWords(rule)],
    ),
    ...caps
      .filter(({ token }) => !isTraded(token))
      .map(
        ({ token, perTransaction, perWindow }) =>
          `Of ${shorten(token)} at most ${perTransaction} a payment and ${perWindow} in ${windowWord(windowSeconds)}, in base units.`,
      ),
    ...(gasPerWindow === "0" ? [] : [`Gas for at most ${gasPerWindow} wei in ${windowWord(windowSeconds)}.`]),
    ...(guards ? guardsOf(guards) : []),
  ];
}

/** A policy as one reads a contract: each sentence a limit. */
export function PolicySummary({ policy, market }: Props) {
  if (policy === null)
    return <p className="text-ink-2 text-sm">The sentence to sign appears here when the form is complete.</p>;
  const trading = findTrading(policy.rules, market);
  const trades = trading.size > 0;
  const isPlain = policy.rules.every((rule) => rule.kind === "deposit" || rule.kind === "pay" || trading.has(rule));
  return (
    <ul className="flex flex-col gap-2 text-sm [overflow-wrap:anywhere]">
      <li>
        At most <Amount units={policy.perTransactionCap} className="font-medium" /> a payment, and{" "}
        <Amount units={policy.windowCap} className="font-medium" /> in {windowWord(policy.windowSeconds)}.
      </li>
      {policy.guards?.approvals && (
        <li>
          Above <Amount units={policy.guards.approvals.over} className="font-medium" /> it asks you first, each time.
        </li>
      )}
      {policy.rules.some(({ kind }) => kind === "deposit") && <li>It may fill its own balance here.</li>}
      {policy.rules.map(
        (rule) =>
          rule.kind === "pay" && (
            <li key={rule.recipient}>
              It may pay <NamedAddress value={rule.recipient} />
              {proofWords(rule)}.
            </li>
          ),
      )}
      {otherWords(policy, trading, market).map((words) => (
        <li key={words}>{words}</li>
      ))}
      {trades && (
        <li>
          It may trade dollars, {market?.data.map(({ symbol }) => symbol).join(" and ")} on the pools, and sell of each
          no more than these dollars are worth today. What it buys can only go to its own account.
        </li>
      )}
      <li className="text-ink-2">
        {isPlain
          ? `It cannot ${trades ? "" : "trade, "}pay anybody else, give others a hold on its money, or change these limits.`
          : "It cannot change these limits."}{" "}
        Everything that is not named is denied. All of it ends on{" "}
        {new Date(policy.validUntil).toLocaleDateString("en-GB", { dateStyle: "long" })}.
      </li>
    </ul>
  );
}
