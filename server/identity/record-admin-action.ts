import { newId } from "#core/ids.ts";
import type { Sql } from "#server/db.ts";

/** Writes down what an admin did, in the transaction that does it: neither is there without the other. */
export async function recordAdminAction(
  sql: Sql,
  action: { userId: string; action: string; subject: string; details?: Record<string, unknown> },
): Promise<void> {
  await sql.query(
    "INSERT INTO admin_action (id, user_id, action, subject, details) VALUES ($1, $2, $3, $4, $5::jsonb)",
    [newId("adminAction"), action.userId, action.action, action.subject, JSON.stringify(action.details ?? {})],
  );
}
