import { type PageInput, toPage } from "#core/page.ts";
import { db } from "#server/db.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { getBalances } from "#server/ledger/get-balance.ts";

/** People, newest first, with what each has. */
export async function listUsers(input: PageInput) {
  const found = await db.user.findMany({
    ...(input.cursor ? { where: { id: { lt: input.cursor } } } : {}),
    orderBy: { id: "desc" },
    take: input.limit + 1,
    select: { id: true, name: true, roles: true, createdAt: true },
  });
  const { data, ...rest } = toPage(found, input.limit);
  const balances = await getBalances(data.map(({ id }) => userAccount(id)));
  return {
    data: data.map((user) => ({
      ...user,
      createdAt: user.createdAt.toISOString(),
      balance: { asset: "USD" as const, units: (balances.get(userAccount(user.id))?.available ?? 0n).toString() },
    })),
    ...rest,
  };
}
