import { DomainError } from "#core/errors.ts";
import { type PageInput, toPage } from "#core/page.ts";
import type { ApprovalView } from "#core/schemas/withdrawal.ts";
import { db, type Sql, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { log } from "#server/log.ts";
import { closeBeforeSending } from "./close-withdrawal.ts";
import { orderWhenCovered } from "./request-withdrawal.ts";
import { viewWithdrawal, type WithdrawalRow } from "./withdrawal-rows.ts";

type Locked = {
  userId: string;
  status: string;
  chainId: `0x${string}`;
  accountCode: string;
  recipient: `0x${string}`;
  amount: bigint;
  mustWait: boolean;
  isLate: boolean;
};

/** What waits for an admin, and what admins decided, newest first. */
export async function listApprovals(input: PageInput & { state?: "open" | "all" }) {
  const rows = await db.withdrawal.findMany({
    where: {
      ...(input.state === "open" ? { status: "awaiting-approval" } : { expiresAt: { not: null } }),
      ...(input.cursor ? { id: { lt: input.cursor } } : {}),
    },
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const { data, ...rest } = toPage(rows, input.limit);
  return { data: await viewApprovals(data), ...rest };
}

async function viewApprovals(rows: readonly WithdrawalRow[]): Promise<ApprovalView[]> {
  const users = await db.user.findMany({
    where: { id: { in: rows.flatMap(({ userId, decidedBy }) => (decidedBy ? [userId, decidedBy] : [userId])) } },
    select: { id: true, name: true },
  });
  const names = new Map(users.map(({ id, name }) => [id, name]));
  return rows.map((row) => ({
    ...viewWithdrawal(row),
    userId: row.userId,
    userName: names.get(row.userId) ?? row.userId,
    decidedBy: row.decidedBy ? (names.get(row.decidedBy) ?? row.decidedBy) : null,
  }));
}

async function getApproval(id: string): Promise<ApprovalView> {
  const row = await db.withdrawal.findUnique({ where: { id } });
  const [view] = row ? await viewApprovals([row]) : [];
  if (!view) throw new DomainError("NOT_FOUND");
  return view;
}

/** Locks what is to be decided on; throws when it is not there, is the admin's own, or was decided already. */
async function lockOpen(sql: Sql, actor: Actor, id: string): Promise<Locked> {
  const [row] = await sql.query<Locked>(
    `SELECT user_id AS "userId", status, chain_id AS "chainId", account_code AS "accountCode", recipient, amount,
            coalesce(send_at > clock_timestamp(), false) AS "mustWait",
            coalesce(expires_at <= clock_timestamp(), false) AS "isLate"
       FROM withdrawal WHERE id = $1 FOR UPDATE`,
    [id],
  );
  if (!row) throw new DomainError("NOT_FOUND");
  if (row.userId === actor.userId) throw new DomainError("APPROVAL_OWN");
  if (row.status !== "awaiting-approval") throw new DomainError("WITHDRAWAL_CLOSED", { status: row.status });
  if (row.isLate) throw new DomainError("WITHDRAWAL_CLOSED", { status: "expired" });
  return row;
}

/** Lets a withdrawal go: to the chain at once, when its delay has passed, or when a root covers it. */
export async function approveWithdrawal(actor: Actor, input: { id: string }): Promise<ApprovalView> {
  await withTransaction(async (sql) => {
    const { chainId, accountCode, recipient, amount, mustWait } = await lockOpen(sql, actor, input.id);
    await sql.query(
      "UPDATE withdrawal SET status = $2, decided_by = $3, decided_at = clock_timestamp() WHERE id = $1",
      [input.id, "waiting", actor.userId],
    );
    if (!mustWait) await orderWhenCovered(sql, { id: input.id, chainId, accountCode, recipient, amount });
  });
  log.info({ event: "withdrawal.approved", withdrawalId: input.id, admin: actor.userId });
  return getApproval(input.id);
}

/** Refuses it; the money is the person's again, and they read why. */
export async function rejectWithdrawal(actor: Actor, input: { id: string; reason: string }): Promise<ApprovalView> {
  await withTransaction(async (sql) => {
    await lockOpen(sql, actor, input.id);
    await closeBeforeSending(sql, input.id, { status: "rejected", error: input.reason, decidedBy: actor.userId });
  });
  log.info({ event: "withdrawal.rejected", withdrawalId: input.id, admin: actor.userId });
  return getApproval(input.id);
}
