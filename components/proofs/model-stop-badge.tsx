import type { ModelStop } from "#core/schemas/proof.ts";
import { StatusBadge } from "../ui/badge.tsx";

const STOPPED_BY: Readonly<Record<ModelStop["by"], string>> = {
  guardian: "Taken down",
  owner: "Retired",
  verifier: "Verifier withdrawn",
};

/** A model that the registry takes no proofs of, with the reason it was given. */
export function ModelStopBadge({ stop }: { stop: ModelStop }) {
  return (
    <span className="flex flex-wrap items-center gap-2">
      <StatusBadge kind="bad">{STOPPED_BY[stop.by]}</StatusBadge>
      {stop.reason !== null && <span className="text-ink-2 text-xs">{stop.reason}</span>}
    </span>
  );
}
