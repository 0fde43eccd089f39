import { formatEther } from "viem/utils";
import { dollars } from "#core/journey/amounts.ts";
import { bpsText } from "#core/market/market-view.ts";
import type { ActionView, Asker } from "#core/schemas/action.ts";
import { NAMES } from "./breaker-words.ts";

/** Who asked for an action, as a sentence. */
export function askedWords(asker: Asker | null): string {
  switch (asker?.kind) {
    case undefined:
      return "It was asked for";
    case "person":
      return `${asker.name ?? "Somebody"} asked for it`;
    case "strategy":
      return asker.proposal ? `The model of “${asker.name}” proposed it` : `The strategy “${asker.name}” decided on it`;
    case "key": {
      const whose = asker.isAgents ? "The agent’s own key" : "The API key";
      const name = asker.name === null ? "" : ` “${asker.name}”`;
      return `${whose}${name} asked for it${asker.isMcp ? " over MCP" : ""}`;
    }
  }
}

type Reading = NonNullable<ActionView["breakers"]>[number];

const SHARES = new Set<Reading["kind"]>(["drawdown", "slippage", "oracle"]);

/** What a breaker measured when it let an action pass: "Too many actions: 3 of 60". */
export function readingWords({ kind, measured, limit }: Reading): string {
  const word = (units: string) =>
    kind === "counterparty" ? dollars(units) : SHARES.has(kind) ? bpsText(BigInt(units)) : units;
  return `${NAMES[kind]}: ${word(measured)} of ${word(limit)}`;
}

/** What an operation's gas came to: "236,940 gas, 0.00025 ETH". */
export function gasWords(gasUsed: string | null, gasCost: string | null): string | null {
  if (gasUsed === null) return null;
  const gas = `${BigInt(gasUsed).toLocaleString("en-GB")} gas`;
  return gasCost === null ? gas : `${gas}, ${formatEther(BigInt(gasCost))} ETH`;
}

/** What an action waits for now, as a sentence; null when it is over. */
export function waitingWords({ status, judged, approval, approvals, transaction }: ActionView): string | null {
  switch (status) {
    case "planned":
      return judged === null ? "The signer judges it next" : "It waits to be signed and sent";
    case "awaiting-approval": {
      const missing = (approval?.needed ?? 1) - approvals.length;
      return `It waits for ${missing === 1 ? "one person" : `${missing} people`} to approve of exactly these bytes`;
    }
    case "submitted":
      return transaction?.sentAt ? "It is sent and waits for its block" : "It is signed and waits to be sent";
    default:
      return null;
  }
}
