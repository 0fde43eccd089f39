import type { InferenceView } from "#core/schemas/compute.ts";
import { StatusBadge, type StatusKind } from "../ui/badge.tsx";

const STATUSES = {
  running: ["busy", "Running"],
  completed: ["ok", "Completed"],
  cancelled: ["idle", "Cancelled"],
  interrupted: ["warn", "Interrupted"],
  failed: ["bad", "Failed"],
} as const satisfies Record<InferenceView["status"], readonly [StatusKind, string]>;

export function InferenceStatus({ status }: { status: InferenceView["status"] }) {
  const [kind, word] = STATUSES[status];
  return <StatusBadge kind={kind}>{word}</StatusBadge>;
}
