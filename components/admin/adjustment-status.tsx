import type { AdjustmentView } from "#core/schemas/adjustment.ts";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";

const WORDS: StatusWords<AdjustmentView["status"]> = {
  open: ["warn", "To be decided"],
  posted: ["ok", "Posted"],
  rejected: ["bad", "Rejected"],
  expired: ["idle", "Expired"],
};

export const AdjustmentStatus = ({ status }: Pick<AdjustmentView, "status">) => (
  <StatusWord words={WORDS} status={status} />
);
