/** Cuts the one row read beyond the limit off, and says whether there was one. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => string,
  describe: (row: Row) => Item,
): { data: Item[]; hasMore: boolean; nextCursor: string | null } {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  const hasMore = rows.length > limit;
  return { data: kept.map(describe), hasMore, nextCursor: hasMore && last !== undefined ? cursorOf(last) : null };
}
