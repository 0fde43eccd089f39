import { pool, sqlOf } from "#server/db.ts";

/** Opens the partitions that coming transfers will need, long before they are reached. */
export async function openPartitions(): Promise<{ opened: number }> {
  const [answer] = await sqlOf(pool).query<{ opened: number }>("SELECT ledger_open_partitions() AS opened");
  return { opened: answer?.opened ?? 0 };
}
