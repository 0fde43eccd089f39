import { getAddress } from "viem/utils";
import { unitsText } from "../market/market-view.ts";
import { act, type Decision, hold, type Situation } from "./decision.ts";
import type { RuleSettings } from "./settings.ts";

type Payer = Extract<RuleSettings, { kind: "payer" }>;

/** Fills the balance here when it is low, else pays the bill that is due longest. */
export function decidePayer(settings: Payer, { market, portfolio, balanceHere, state }: Situation): Decision {
  const { keep, bills } = settings;
  if (keep && balanceHere < BigInt(keep.below)) {
    const missing = BigInt(keep.upTo) - balanceHere;
    const units = missing < portfolio.usd ? missing : portfolio.usd;
    if (units === 0n)
      return hold(`$${unitsText(balanceHere)} are left here and nothing is in the account to fill it from.`, state, {
        isAlert: state.empty !== true,
        state: { ...state, empty: true },
      });
    return act(
      `$${unitsText(balanceHere)} are left here, less than $${unitsText(BigInt(keep.below))}: move $${unitsText(units)} in.`,
      { kind: "deposit", units },
      { ...state, empty: false },
    );
  }
  const due = bills
    .map((bill, index) => ({ bill, key: `bill${index}`, at: Number(state[`bill${index}`] ?? 0) + bill.everySeconds }))
    .filter(({ at }) => at <= market.atSeconds)
    .toSorted((a, b) => a.at - b.at)[0];
  if (!due) return hold(bills.length === 0 ? `$${unitsText(balanceHere)} are here.` : "No bill is due.", state);
  const units = BigInt(due.bill.units);
  if (portfolio.usd < units)
    return hold(`${due.bill.label} wants $${unitsText(units)}; $${unitsText(portfolio.usd)} are there.`, state);
  return act(
    `${due.bill.label} is due: pay $${unitsText(units)}.`,
    { kind: "pay", recipient: getAddress(due.bill.recipient), units },
    { ...state, [due.key]: market.atSeconds },
  );
}
