import type { NodeView } from "#core/schemas/compute.ts";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";

const NODES: StatusWords<NodeView["status"]> = {
  online: ["ok", "Online"],
  draining: ["warn", "Draining"],
  offline: ["bad", "Offline"],
  removed: ["idle", "Removed"],
};

export const NodeStatus = ({ status }: { status: NodeView["status"] }) => <StatusWord words={NODES} status={status} />;
