import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { db, pool, sqlOf } from "#server/db.ts";
import { REVENUE_ACCOUNT } from "./account-codes.ts";
import { getBalance } from "./get-balance.ts";
import { listStatement, readAllStatement } from "./list-statement.ts";
import { postTransfers } from "./post-transfers.ts";
import { findFloor, findStart, STRETCH_SQL, type StatementEntry, stretchValues } from "./read-statement.ts";
import { NO_FILTER, type StatementFilter } from "./statement-filter.ts";
import { freshKey, openAccounts } from "./testing/accounts.ts";

let mine: string;
let friend: string;
let all: StatementEntry[];

async function readPages(filter: StatementFilter, limit: number): Promise<StatementEntry[]> {
  const found: StatementEntry[] = [];
  let cursor: string | undefined;
  do {
    const page = await listStatement(mine, { limit, cursor, filter });
    found.push(...page.data);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}

async function readFile(filter: StatementFilter): Promise<StatementEntry[]> {
  const found: StatementEntry[] = [];
  for await (const batch of readAllStatement(mine, filter)) found.push(...batch);
  return found;
}

const pay = (index: number) => ({
  key: freshKey(),
  ...(index % 3 === 0
    ? { debit: friend, credit: mine }
    : { debit: mine, credit: index % 3 === 1 ? friend : REVENUE_ACCOUNT }),
  amount: BigInt(1 + ((index * 7) % 50)),
  asset: "USD" as const,
  kind: index % 4 === 0 ? "payment" : "inference",
  ...(index % 5 === 0 ? { refId: `inf_${index}` } : {}),
  ...(index % 6 === 0 ? { memo: `Invoice ${index} =1+1` } : {}),
});

beforeAll(async () => {
  [mine = "", friend = ""] = await openAccounts(10_000n, 10_000n);
  for (let index = 0; index < 60; index += 1) await postTransfers([pay(index)]);
  all = await readPages(NO_FILTER, 100);
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

/** What a filter lets through, said once more and without SQL. */
function passes(entry: StatementEntry, filter: StatementFilter): boolean {
  const size = entry.amount < 0n ? -entry.amount : entry.amount;
  const text = `${entry.refId ?? ""} ${entry.memo ?? ""}`.toLowerCase();
  return (
    (filter.from === null || entry.createdAt >= filter.from) &&
    (filter.to === null || entry.createdAt < filter.to) &&
    (filter.kinds === null || filter.kinds.includes(entry.kind)) &&
    (filter.flow === null || (filter.flow === "in") === entry.amount > 0n) &&
    (filter.counterparty === null || entry.counterparty.split(":")[0] === filter.counterparty) &&
    (filter.text === null || text.includes(filter.text.toLowerCase())) &&
    (filter.amountMin === null || size >= filter.amountMin) &&
    (filter.amountMax === null || size <= filter.amountMax)
  );
}

describe("a filtered statement", () => {
  it("shows under any filter what passes it, in order, with the account's own balances, by pages and as a file", async () => {
    const some = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: null, freq: 2 });
    const moment = fc.nat(all.length - 1).map((index) => all[index]?.createdAt ?? new Date());
    const filters = fc.record({
      from: some(moment),
      to: some(moment),
      kinds: some(fc.subarray(["payment", "inference", "deposit"], { minLength: 1 })),
      flow: some(fc.constantFrom("in" as const, "out" as const)),
      counterparty: some(fc.constantFrom("user" as const, "platform" as const, "agent" as const)),
      text: some(fc.constantFrom("INF_", "invoice 1", "=1+1", "nothing like this")),
      amountMin: some(fc.bigInt(0n, 60n)),
      amountMax: some(fc.bigInt(0n, 60n)),
    });
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 30 }), async (filter, limit) => {
        const wanted = all.filter((entry) => passes(entry, filter));
        expect(await readPages(filter, limit)).toEqual(wanted);
        expect(await readFile(filter)).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
  });

  it("begins with the balance the account has, and every balance follows from the one below it", async () => {
    expect(all).toHaveLength(61);
    expect(all[0]?.balance).toBe((await getBalance(mine)).posted);
    for (const [index, entry] of all.entries())
      expect(entry.balance).toBe((all[index + 1]?.balance ?? 0n) + entry.amount);
  });

  it("pages and files stay as they were while entries arrive", async () => {
    const filter = { ...NO_FILTER, flow: "out" as const };
    const first = await listStatement(mine, { limit: 5, filter });
    const batches = readAllStatement(mine, NO_FILTER);
    const [file, before] = [(await batches.next()).value, await readPages(NO_FILTER, 100)];
    await postTransfers([pay(1), pay(2)]);
    expect(file).toEqual(before);
    expect((await batches.next()).done).toBe(true);
    const second = await listStatement(mine, { limit: 5, filter, cursor: first.nextCursor ?? "" });
    expect([...first.data, ...second.data]).toEqual(before.filter(({ amount }) => amount < 0n).slice(0, 10));
  });
});

describe("a statement among a million transfers of others", () => {
  const nodesOf = (plan: Record<string, unknown>): string[] => [
    `${plan["Node Type"]} ${plan["Index Name"] ?? plan["Relation Name"] ?? ""}`,
    ...((plan.Plans as Record<string, unknown>[] | undefined) ?? []).flatMap(nodesOf),
  ];

  it("is read by index alone, whatever the filter", async () => {
    const client = await pool.connect();
    const sql = sqlOf(client);
    const explain = async (text: string, values: unknown[]) => {
      const [row] = await sql.query<{ "QUERY PLAN": { Plan: Record<string, unknown> }[] }>(
        `EXPLAIN (FORMAT JSON) ${text}`,
        values,
      );
      return nodesOf(row?.["QUERY PLAN"][0]?.Plan ?? {});
    };
    try {
      await sql.query("BEGIN");
      // Two thousand other accounts and their transfers, half of them from one, gone with the transaction; keys and sums are nothing to a plan.
      await sql.query(
        `INSERT INTO ledger_account (code, asset, batch_id) SELECT 'user:plan' || n, 'USD', 0 FROM generate_series(1, 2000) n`,
      );
      await sql.query(
        `INSERT INTO ledger_transfer (id, key, debit_id, credit_id, amount, asset, kind, batch_id)
         SELECT (SELECT max(id) FROM ledger_transfer) + n, 'plan' || n, CASE WHEN n % 2 = 0 THEN a.first ELSE a.first + n % 1000 END, a.first + 1000 + n % 999, 1, 'USD', 'payment', 0
         FROM generate_series(1, 1000000) n, (SELECT min(id) AS first FROM ledger_account WHERE code LIKE 'user:plan%') a`,
      );
      await sql.query("ANALYZE ledger_transfer");
      await sql.query("ANALYZE ledger_account");
      const filter: StatementFilter = {
        ...NO_FILTER,
        from: new Date(0),
        to: new Date(),
        text: "invoice",
        amountMin: 3n,
      };
      expect(await findStart(sql, mine, filter)).not.toBeNull();
      const position = { beforeId: 2n ** 62n, balance: 0n };
      const floor = await findFloor(sql, filter);
      const at = { position, floor, entries: 5_000, limit: 21 };
      for (const wanted of [NO_FILTER, filter]) {
        const nodes = await explain(STRETCH_SQL, stretchValues(mine, wanted, at));
        expect(nodes.filter((node) => /^Seq Scan/.test(node))).toEqual([]);
        const lookups = nodes.filter((node) => /ledger_transfer_p0/.test(node));
        expect(lookups).toHaveLength(2);
        for (const relation of lookups)
          expect(relation).toMatch(/^Index Scan ledger_transfer_p0_(debit|credit)_id_id_idx$/);
      }
    } finally {
      await sql.query("ROLLBACK");
      client.release();
      await pool.query("ANALYZE ledger_transfer");
    }
  });
});
