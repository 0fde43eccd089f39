import type { WithdrawalView } from "#core/schemas/account.ts";
import { StatusWord, type StatusWords } from "../ui/badge.tsx";
import { Time } from "../ui/time.tsx";

const STATUSES: StatusWords<WithdrawalView["status"]> = {
  "awaiting-approval": ["paused", "Awaiting approval"],
  waiting: ["paused", "Waiting"],
  "waiting-root": ["paused", "Waiting"],
  requested: ["busy", "On its way"],
  paid: ["ok", "Paid"],
  failed: ["bad", "Failed"],
  cancelled: ["idle", "Taken back"],
  rejected: ["bad", "Rejected"],
  expired: ["idle", "Expired"],
};

/** How far a withdrawal is, and for a waiting one until when. */
export function WithdrawalStatus({ withdrawal }: { withdrawal: Pick<WithdrawalView, "status" | "sendAt"> }) {
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      <StatusWord words={STATUSES} status={withdrawal.status} />
      {(withdrawal.status === "waiting" || withdrawal.status === "waiting-root") && withdrawal.sendAt !== null && (
        <span className="text-ink-3 text-xs">
          {withdrawal.status === "waiting" ? "sent" : "expected"} <Time iso={withdrawal.sendAt} />
        </span>
      )}
    </span>
  );
}
