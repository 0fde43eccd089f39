import type { Campaign, CashOut } from "#core/schemas/reward.ts";
import type { ApiOutput } from "../api/api-types.ts";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";

type Epoch = ApiOutput["reward"]["listEpochs"]["data"][number];

const CAMPAIGNS: StatusWords<Campaign["status"]> = {
  upcoming: ["idle", "Upcoming"],
  active: ["ok", "Paying"],
  ended: ["idle", "Ended"],
  exhausted: ["warn", "Used up"],
};

const CASH_OUTS: StatusWords<CashOut["status"]> = {
  requested: ["busy", "Requested"],
  settling: ["busy", "Settling"],
  ready: ["busy", "Ready"],
  arrived: ["ok", "Arrived"],
};

const EPOCHS: StatusWords<Epoch["status"]> = {
  funding: ["busy", "Funding"],
  publishing: ["busy", "Publishing"],
  final: ["ok", "Final"],
};

export const CampaignStatus = ({ status }: { status: Campaign["status"] }) => (
  <StatusWord words={CAMPAIGNS} status={status} />
);

export const CashOutStatus = ({ status }: { status: CashOut["status"] }) => (
  <StatusWord words={CASH_OUTS} status={status} />
);

export const EpochStatus = ({ status }: { status: Epoch["status"] }) => <StatusWord words={EPOCHS} status={status} />;
