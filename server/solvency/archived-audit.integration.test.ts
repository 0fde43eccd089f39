import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSmallPartitions } from "#server/ledger/archive/testing/small-partitions.ts";

await openSmallPartitions(40);
// The configuration is read when a module is loaded, so these come after the database is chosen.
const { db, pool } = await import("#server/db.ts");
const { userAccount } = await import("#server/ledger/account-codes.ts");
const { archiveOldestPartition } = await import("#server/ledger/archive/archive-partition.ts");
const { openPartitions } = await import("#server/ledger/open-partitions.ts");
const { postTransfers } = await import("#server/ledger/post-transfers.ts");
const { sealBatches } = await import("#server/ledger/seal-batches.ts");
const { requestWithdrawal } = await import("#server/wallets/request-withdrawal.ts");
const { getWithdrawal } = await import("#server/wallets/withdrawal-rows.ts");
const { createPerson, depositFor, followUntilQuiet, knowAddress } = await import(
  "#server/wallets/testing/wallet-world.ts"
);
const { auditMoney } = await import("./audit-money.ts");

let directory: string;
const sectionsOf = async (archives?: string) =>
  (await auditMoney({ archives })).sections.map(({ name, findings }) => ({ name, findings }));

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "converge-archive-"));
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
  await rm(directory, { recursive: true, force: true });
});

describe("the audit of all money after deposits and payments went into an archive", () => {
  it("says what it said before, without the files and with them", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const [mine, theirs] = [userAccount(person.actor.userId), userAccount(other.actor.userId)];
    const to = privateKeyToAddress(generatePrivateKey());
    await knowAddress(person, to);
    await depositFor(mine, 10_000_000n);
    await followUntilQuiet();
    const { id } = await requestWithdrawal(person.actor, { to, units: "1000000" });
    await followUntilQuiet();
    expect((await getWithdrawal(person.actor, { id })).status).toBe("paid");
    await sealBatches();
    const before = await sectionsOf();

    for (let count = 0; count < 120; count++) {
      if (count % 10 === 0) await openPartitions();
      const key = `archived-audit:${id}:${count}`;
      await postTransfers([{ key, debit: mine, credit: theirs, amount: 1n, asset: "USD", kind: "test" }]);
    }
    let archived = 0;
    while (await archiveOldestPartition(directory, 0)) archived++;
    expect(archived).toBeGreaterThan(1);
    const { rows } = await pool.query("SELECT 1 FROM ledger_transfer WHERE kind IN ('deposit', 'withdrawal')");
    expect(rows).toEqual([]);
    await sealBatches();
    expect(await sectionsOf()).toEqual(before);
    expect(await sectionsOf(directory)).toEqual(before);
    // The audit's connection hid the tables of the database from itself alone.
    expect(await sectionsOf()).toEqual(before);
  });
});
