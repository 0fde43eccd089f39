import type { ProofSummary } from "#core/schemas/proof.ts";
import { StatusBadge, type StatusKind } from "../ui/badge.tsx";

const STATUSES = {
  queued: ["idle", "Queued"],
  proving: ["busy", "Proving"],
  proved: ["busy", "Going on chain"],
  recorded: ["ok", "Recorded"],
  failed: ["bad", "Failed"],
} as const satisfies Record<ProofSummary["status"], readonly [StatusKind, string]>;

export function ProofStatus({ proof }: { proof: Pick<ProofSummary, "status" | "consumedAt"> }) {
  if (proof.consumedAt !== null) return <StatusBadge kind="ok">Used</StatusBadge>;
  const [kind, word] = STATUSES[proof.status];
  return <StatusBadge kind={kind}>{word}</StatusBadge>;
}

export const isOnItsWay = (proof: Pick<ProofSummary, "status">): boolean =>
  proof.status === "queued" || proof.status === "proving" || proof.status === "proved";
