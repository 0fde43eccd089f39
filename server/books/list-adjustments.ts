import { DomainError } from "#core/errors.ts";
import { type Page, type PageInput, toPage } from "#core/page.ts";
import type { AdjustmentView } from "#core/schemas/adjustment.ts";
import { pool, sqlOf } from "#server/db.ts";
import { getAdjustmentRow, listAdjustmentRows, viewAdjustments } from "./adjustment-rows.ts";

export async function getAdjustment({ id }: { id: string }): Promise<AdjustmentView> {
  const [view] = await viewAdjustments([await getAdjustmentRow(sqlOf(pool), id)]);
  if (!view) throw new DomainError("NOT_FOUND");
  return view;
}

/** What waits for a second admin, and what was decided, newest first. */
export async function listAdjustments(input: PageInput & { state: "open" | "all" }): Promise<Page<AdjustmentView>> {
  const rows = await listAdjustmentRows(sqlOf(pool), { ...input, limit: input.limit + 1 });
  const { data, ...rest } = toPage(rows, input.limit);
  return { data: await viewAdjustments(data), ...rest };
}
