import type { ProofSummary } from "#core/schemas/proof.ts";
import { StatusBadge, StatusWord, type StatusWords } from "../ui/badge.tsx";

const STATUSES: StatusWords<ProofSummary["status"]> = {
  queued: ["idle", "Queued"],
  proving: ["busy", "Proving"],
  proved: ["busy", "Going on chain"],
  recorded: ["ok", "Recorded"],
  failed: ["bad", "Failed"],
};

export function ProofStatus({ proof }: { proof: Pick<ProofSummary, "status" | "consumedAt"> }) {
  return proof.consumedAt === null ? (
    <StatusWord words={STATUSES} status={proof.status} />
  ) : (
    <StatusBadge kind="ok">Used</StatusBadge>
  );
}

export const isOnItsWay = (proof: Pick<ProofSummary, "status">): boolean =>
  proof.status === "queued" || proof.status === "proving" || proof.status === "proved";
