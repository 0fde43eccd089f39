import { z } from "zod";
import { type PageInput, toPage } from "#core/page.ts";
import { db } from "#server/db.ts";

/** What admins did, newest first, with who it was. */
export async function listAdminActions(input: PageInput) {
  const rows = await db.adminAction.findMany({
    ...(input.cursor ? { where: { id: { lt: input.cursor } } } : {}),
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const { data, ...rest } = toPage(rows, input.limit);
  const users = await db.user.findMany({
    where: { id: { in: data.map(({ userId }) => userId) } },
    select: { id: true, name: true },
  });
  const names = new Map(users.map(({ id, name }) => [id, name]));
  return {
    data: data.map(({ at, details, ...action }) => ({
      ...action,
      at: at.toISOString(),
      userName: names.get(action.userId) ?? action.userId,
      details: z.record(z.string(), z.unknown()).parse(details),
    })),
    ...rest,
  };
}
