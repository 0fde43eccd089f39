import type { CapView, Covers } from "#core/schemas/cap.ts";
import { windowWord } from "../agents/window-word.ts";

/** In which time a limit counts: "in any day", "in all", "at a time". */
export function timeWord({ kind, windowMs }: Pick<CapView, "kind" | "windowMs">): string {
  if (kind === "transaction") return "at a time";
  return windowMs === null ? "in all" : `in ${windowWord(windowMs / 1000)}`;
}

export const CATEGORY_WORDS = {
  inference: "Completions",
  compute: "Jobs",
  withdrawal: "Withdrawals",
  "cash-out": "Cash-outs",
} as const satisfies Record<Extract<Covers, { kind: "category" }>["category"], string>;

/** What a limit is on; a name where there is one, else what it is called by. */
export function coversWord({ covers, name, scope }: Pick<CapView, "covers" | "name" | "scope">): string {
  switch (covers?.kind) {
    case "everything":
      return "Everything you and your agents spend";
    case "balance":
      return "Your own balance";
    case "category":
      return CATEGORY_WORDS[covers.category];
    case "api-key":
      return `Key “${name ?? covers.id}”`;
    case "agent":
      return `Agent “${name ?? covers.id}”`;
    case "provider":
      return `Node “${name ?? covers.nodeId}”`;
    case "counterparty":
      return `Payments to ${covers.address.slice(0, 8)}…${covers.address.slice(-4)}`;
    default:
      return scope;
  }
}
