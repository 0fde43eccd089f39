import type { ActivityView, AgentView } from "#core/schemas/agent.ts";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";

const AGENTS: StatusWords<AgentView["status"]> = {
  "awaiting-owner": ["idle", "Awaits your signature"],
  active: ["ok", "Active"],
  paused: ["paused", "Paused"],
  revoked: ["bad", "Revoked"],
};

const ACTIVITYS: StatusWords<ActivityView["status"]> = {
  refused: ["bad", "Refused"],
  planned: ["busy", "Not sent yet"],
  "awaiting-approval": ["paused", "Waits for approval"],
  submitted: ["busy", "Under way"],
  succeeded: ["ok", "Done"],
  failed: ["bad", "Failed"],
};

export const activityStatusWord = (status: ActivityView["status"]): string => ACTIVITYS[status][1];

export const AgentStatus = ({ status }: { status: AgentView["status"] }) => (
  <StatusWord words={AGENTS} status={status} />
);

export const ActivityStatus = ({ status }: { status: ActivityView["status"] }) => (
  <StatusWord words={ACTIVITYS} status={status} />
);
