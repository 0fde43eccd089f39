import { z } from "zod";
import { PAGE_LIMIT } from "../page.ts";

/** What every list takes. A query's numbers are text, so the limit may be. */
export const pageInput = z.strictObject({
  limit: z.coerce.number().int().min(1).max(PAGE_LIMIT.max).default(PAGE_LIMIT.default),
  cursor: z.string().min(1).max(80).optional(),
});

/** What every list answers. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), hasMore: z.boolean(), nextCursor: z.string().nullable() });
