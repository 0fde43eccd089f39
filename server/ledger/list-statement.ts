import { DomainError } from "#core/errors.ts";
import { PAGE_LIMIT } from "#core/page.ts";
import { pool, sqlOf } from "#server/db.ts";
import { findFloor, findStart, readStretch, type StatementEntry, type StatementPosition } from "./read-statement.ts";
import { isSelective, NO_FILTER, type StatementFilter } from "./statement-filter.ts";

export type StatementPage = { data: StatementEntry[]; nextCursor: string | null };

/** What one page looks at, at most: a filter that hardly anything passes answers a short page and goes on from there. */
const ENTRIES_READ_MAX = 100_000;
const STRETCH = { first: 500, next: 5_000 } as const;

// A cursor carries the balance below its page, so that running balances need no sum over everything newer. Someone who
// edits it changes only the numbers on their own screen.
const CURSOR_PATTERN = /^(\d{1,19})_(-?\d{1,19})$/;

function readCursor(cursor: string): StatementPosition {
  const match = CURSOR_PATTERN.exec(cursor);
  if (!match?.[1] || !match[2]) throw new DomainError("VALIDATION_FAILED", { param: "cursor" });
  const beforeId = BigInt(match[1]);
  if (beforeId >= 2n ** 63n) throw new DomainError("VALIDATION_FAILED", { param: "cursor" });
  return { beforeId, balance: BigInt(match[2]) };
}

const cursorOf = ({ beforeId, balance }: StatementPosition): string => `${beforeId}_${balance}`;

/**
 * The entries of an account, newest first. Pages stay put while new entries arrive, and the balance after each entry is
 * the account's own, whatever the filter leaves out.
 */
export async function listStatement(
  code: string,
  options: { limit?: number; cursor?: string | undefined; filter?: StatementFilter } = {},
): Promise<StatementPage> {
  const { limit = PAGE_LIMIT.default, cursor, filter = NO_FILTER } = options;
  const sql = sqlOf(pool);
  const size = Math.min(Math.max(Math.trunc(limit), 1), PAGE_LIMIT.max);
  const floor = await findFloor(sql, filter);
  let position = cursor === undefined ? await findStart(sql, code, filter) : readCursor(cursor);
  let stretch: number = isSelective(filter) ? STRETCH.first : size + 1;
  const found: Awaited<ReturnType<typeof readStretch>>["found"] = [];
  for (let read = 0; position && found.length <= size && read < ENTRIES_READ_MAX; stretch = STRETCH.next) {
    const next = await readStretch(sql, code, filter, {
      position,
      floor,
      entries: stretch,
      limit: size + 1 - found.length,
    });
    found.push(...next.found);
    position = next.below;
    read += next.read;
  }
  const page = found.slice(0, size);
  const rest = found.length > size ? (page.at(-1)?.below ?? null) : position;
  return { data: page.map(({ below: _, ...entry }) => entry), nextCursor: rest && cursorOf(rest) };
}

/** All entries that a filter lets through, newest first, a batch at a time: as much memory as one batch takes. */
export async function* readAllStatement(code: string, filter: StatementFilter): AsyncGenerator<StatementEntry[]> {
  const sql = sqlOf(pool);
  const floor = await findFloor(sql, filter);
  let position = await findStart(sql, code, filter);
  while (position) {
    const entries = STRETCH.next;
    const next = await readStretch(sql, code, filter, { position, floor, entries, limit: entries });
    position = next.below;
    if (next.found.length > 0) yield next.found.map(({ below: _, ...entry }) => entry);
  }
}
