import type { WithdrawalView } from "#core/schemas/account.ts";
import { StatusBadge, type StatusKind } from "../ui/badge.tsx";
import { Time } from "../ui/time.tsx";

const STATUSES = {
  "awaiting-approval": ["paused", "Awaiting approval"],
  waiting: ["paused", "Waiting"],
  requested: ["busy", "On its way"],
  paid: ["ok", "Paid"],
  failed: ["bad", "Failed"],
  cancelled: ["idle", "Taken back"],
  rejected: ["bad", "Rejected"],
  expired: ["idle", "Expired"],
} as const satisfies Record<WithdrawalView["status"], readonly [StatusKind, string]>;

/** How far a withdrawal is, and for a waiting one until when. */
export function WithdrawalStatus({ withdrawal }: { withdrawal: Pick<WithdrawalView, "status" | "sendAt"> }) {
  const [kind, word] = STATUSES[withdrawal.status];
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      <StatusBadge kind={kind}>{word}</StatusBadge>
      {withdrawal.status === "waiting" && withdrawal.sendAt !== null && (
        <span className="text-ink-3 text-xs">
          sent <Time iso={withdrawal.sendAt} />
        </span>
      )}
    </span>
  );
}
