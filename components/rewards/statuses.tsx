import type { Campaign, CashOut } from "#core/schemas/reward.ts";
import type { ApiOutput } from "../api/api-types.ts";
import { StatusBadge, type StatusKind } from "../ui/badge.tsx";

type Epoch = ApiOutput["reward"]["listEpochs"]["data"][number];

const CAMPAIGNS = {
  upcoming: ["idle", "Upcoming"],
  active: ["ok", "Paying"],
  ended: ["idle", "Ended"],
  exhausted: ["warn", "Used up"],
} as const satisfies Record<Campaign["status"], readonly [StatusKind, string]>;

const CASH_OUTS = {
  requested: ["busy", "Requested"],
  settling: ["busy", "Settling"],
  ready: ["busy", "Ready"],
  arrived: ["ok", "Arrived"],
} as const satisfies Record<CashOut["status"], readonly [StatusKind, string]>;

const EPOCHS = {
  funding: ["busy", "Funding"],
  publishing: ["busy", "Publishing"],
  final: ["ok", "Final"],
} as const satisfies Record<Epoch["status"], readonly [StatusKind, string]>;

const badge = ([kind, word]: readonly [StatusKind, string]) => <StatusBadge kind={kind}>{word}</StatusBadge>;

export const CampaignStatus = ({ status }: { status: Campaign["status"] }) => badge(CAMPAIGNS[status]);
export const CashOutStatus = ({ status }: { status: CashOut["status"] }) => badge(CASH_OUTS[status]);
export const EpochStatus = ({ status }: { status: Epoch["status"] }) => badge(EPOCHS[status]);
