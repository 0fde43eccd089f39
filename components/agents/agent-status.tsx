import type { ActivityView, AgentView } from "#core/schemas/agent.ts";
import { StatusBadge, type StatusKind } from "../ui/badge.tsx";

const AGENTS = {
  "awaiting-owner": ["idle", "Awaits your signature"],
  active: ["ok", "Active"],
  paused: ["paused", "Paused"],
  revoked: ["bad", "Revoked"],
} as const satisfies Record<AgentView["status"], readonly [StatusKind, string]>;

const ACTIVITIES = {
  refused: ["bad", "Refused"],
  planned: ["busy", "Not sent yet"],
  submitted: ["busy", "Under way"],
  succeeded: ["ok", "Done"],
  failed: ["bad", "Failed"],
} as const satisfies Record<ActivityView["status"], readonly [StatusKind, string]>;

export function AgentStatus({ status }: { status: AgentView["status"] }) {
  const [kind, word] = AGENTS[status];
  return <StatusBadge kind={kind}>{word}</StatusBadge>;
}

export function ActivityStatus({ status }: { status: ActivityView["status"] }) {
  const [kind, word] = ACTIVITIES[status];
  return <StatusBadge kind={kind}>{word}</StatusBadge>;
}
