/** Lists answer a page at a time; how much of it one asks for. */
export const PAGE_LIMIT = { default: 20, max: 100 } as const;

export type PageInput = { limit: number; cursor?: string | undefined };
export type Page<Item> = { data: Item[]; hasMore: boolean; nextCursor: string | null };

/** The page of rows that were read with one more than its limit: that one says whether there is another page. */
export function toPage<Row extends { id: string }>(rows: readonly Row[], limit: number): Page<Row>;
export function toPage<Row>(rows: readonly Row[], limit: number, cursorOf: (row: Row) => string): Page<Row>;
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => string = (row) => (row as { id: string }).id,
): Page<Row> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const hasMore = rows.length > limit;
  return { data, hasMore, nextCursor: hasMore && last !== undefined ? cursorOf(last) : null };
}
