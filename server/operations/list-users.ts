import { db } from "#server/db.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { getBalances } from "#server/ledger/get-balance.ts";

/** People, newest first, with what each has. */
export async function listUsers(input: { limit: number; cursor?: string | undefined }) {
  const found = await db.user.findMany({
    ...(input.cursor ? { where: { id: { lt: input.cursor } } } : {}),
    orderBy: { id: "desc" },
    take: input.limit + 1,
    select: { id: true, name: true, roles: true, createdAt: true },
  });
  const page = found.slice(0, input.limit);
  const balances = await getBalances(page.map(({ id }) => userAccount(id)));
  const hasMore = found.length > input.limit;
  return {
    data: page.map((user) => ({
      ...user,
      createdAt: user.createdAt.toISOString(),
      balance: { asset: "USD" as const, units: (balances.get(userAccount(user.id))?.available ?? 0n).toString() },
    })),
    hasMore,
    nextCursor: hasMore ? (page.at(-1)?.id ?? null) : null,
  };
}
