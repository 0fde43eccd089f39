import { dollars } from "#core/journey/amounts.ts";
import { bpsText } from "#core/market/market-view.ts";
import type { PolicyView } from "#core/schemas/agent-policy.ts";
import { shorten } from "../ui/identifier.tsx";

type Guards = NonNullable<PolicyView["guards"]>;

const DAYS = ["", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** What guards demand, a sentence each. */
export function guardWords({ usd, hours, outcome, approvals, purchases, changes }: Guards): string[] {
  return [
    ...(usd
      ? [
          `All tokens together are worth at most ${dollars(usd.perTransaction)} a payment and ${dollars(usd.perWindow)} in the window, by the price feeds.`,
        ]
      : []),
    ...(hours.length > 0
      ? [
          `It acts ${hours
            .map(
              ({ days, from, to, timeZone }) =>
                `${days.map((day) => DAYS[day]).join(", ")} ${from}–${to} (${timeZone})`,
            )
            .join(" and ")} only.`,
        ]
      : []),
    ...(outcome?.lossBpsMax == null
      ? []
      : [
          `A trade loses at most ${bpsText(BigInt(outcome.lossBpsMax))} against the price feeds, tried out before it is signed.`,
        ]),
    ...(outcome?.floors ?? []).map(
      ({ token, atLeast }) => `At least ${atLeast} base units of ${shorten(token)} stay in the account.`,
    ),
    ...(approvals
      ? [
          `More than ${dollars(approvals.over)} needs ${approvals.needed} of: ${approvals.approvers.map(({ name }) => name).join(", ")}.`,
        ]
      : []),
    ...(purchases
      ? [
          `It buys by x402 for at most ${dollars(purchases.perPayment)} a time and ${dollars(purchases.perWindow)} in the window, from: ${purchases.payees.map((payee) => shorten(payee)).join(", ")}.`,
        ]
      : []),
    ...(changes
      ? [
          `A policy that allows more than ${dollars(changes.over)} in a window needs ${changes.needed} of: ${changes.approvers.map(({ name }) => name).join(", ")}.`,
        ]
      : []),
  ];
}
