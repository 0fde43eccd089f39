import type { NodeView } from "#core/schemas/compute.ts";
import { StatusBadge, type StatusKind } from "../ui/badge.tsx";

const STATUSES = {
  online: ["ok", "Online"],
  draining: ["warn", "Draining"],
  offline: ["bad", "Offline"],
  removed: ["idle", "Removed"],
} as const satisfies Record<NodeView["status"], readonly [StatusKind, string]>;

export function NodeStatus({ status }: { status: NodeView["status"] }) {
  const [kind, word] = STATUSES[status];
  return <StatusBadge kind={kind}>{word}</StatusBadge>;
}
