import type { ReactNode } from "react";

/** What kind of link in the chain of causes a step is. */
export type ReceiptStepKind =
  | "intent"
  | "event"
  | "posting"
  | "decision"
  | "approval"
  | "signature"
  | "transaction"
  | "proof"
  | "outcome";

export type ReceiptStep = {
  kind: ReceiptStepKind;
  title: string;
  /** ISO; absent while the step has not happened yet. */
  at?: string | undefined;
  detail?: ReactNode;
  hash?: string | undefined;
  /** What the hash is of, where its step does not say so. */
  hashName?: string;
  href?: string | undefined;
  state?: "done" | "waiting" | "refused" | "failed";
};

/** How long a step came after the one before it, in the unit a person reads best. */
export function formatElapsed(fromIso: string, toIso: string): string {
  const ms = Date.parse(toIso) - Date.parse(fromIso);
  if (ms < 0) return "";
  if (ms < 1000) return `+${ms} ms`;
  if (ms < 60_000) return `+${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  if (ms < 3_600_000) return `+${Math.floor(ms / 60_000)} min`;
  if (ms < 86_400_000) return `+${Math.floor(ms / 3_600_000)} h`;
  return `+${Math.floor(ms / 86_400_000)} d`;
}
