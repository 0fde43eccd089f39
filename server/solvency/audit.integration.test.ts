import pg from "pg";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { db, pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { sealBatches } from "#server/ledger/seal-batches.ts";
import { requestWithdrawal } from "#server/wallets/request-withdrawal.ts";
import { createPerson, depositFor, knowAddress, type Person } from "#server/wallets/testing/wallet-world.ts";
import { auditMoney } from "./audit-money.ts";
import { closeSolvencyEpoch } from "./close-solvency-epoch.ts";
import { backEverything, follow, giveUpLeftovers } from "./testing/solvency-world.ts";

const DOLLAR = 1_000_000n;
const client = new pg.Client({ connectionString: env.DATABASE_URL });
let person: Person;
/** What other tests of this database left behind: money out of nothing is a difference, and stays one. */
let before: Set<string>;

const differences = async () =>
  (await auditMoney()).sections.flatMap(({ name, findings }) =>
    findings.map(({ where, problem }) => `${name}: ${where}: ${problem}`),
  );
const fresh = async () => (await differences()).filter((line) => !before.has(line));

/** Changes rows as somebody with the database in their hands would, sees what the audit says, and puts them back. */
async function whileChanged(statement: string, values: unknown[], look: (found: string[]) => void): Promise<void> {
  const tables = ["ledger_transfer", "solvency_leaf", "solvency_epoch", "ledger_batch"];
  await client.query("SET session_replication_role = replica");
  await client.query("BEGIN");
  for (const table of tables) await client.query(`CREATE TEMP TABLE kept_${table} ON COMMIT DROP AS TABLE ${table}`);
  const changed = await client.query(statement, values);
  if (!changed.rowCount) {
    await client.query("ROLLBACK");
    throw new Error("There was nothing to change");
  }
  for (const table of tables) await client.query(`CREATE TABLE saved_${table} AS TABLE kept_${table}`);
  await client.query("COMMIT");
  try {
    look(await fresh());
  } finally {
    await client.query("BEGIN");
    for (const table of [...tables].reverse()) await client.query(`DELETE FROM ${table}`);
    for (const table of ["ledger_transfer", "ledger_batch", "solvency_epoch", "solvency_leaf"])
      await client.query(`INSERT INTO ${table} SELECT * FROM saved_${table}`);
    for (const table of tables) await client.query(`DROP TABLE saved_${table}`);
    await client.query("COMMIT");
  }
  expect(await fresh()).toEqual([]);
}

const amountOfOurDeposit = `UPDATE ledger_transfer SET amount = amount + 1 WHERE memo = $1 AND kind = 'deposit'`;

beforeAll(async () => {
  await client.connect();
  await giveUpLeftovers();
  person = await createPerson();
  const code = userAccount(person.actor.userId);
  await depositFor(code, 10n * DOLLAR);
  await follow();
  await backEverything();
  const to = privateKeyToAccount(generatePrivateKey()).address;
  await knowAddress(person, to);
  await requestWithdrawal(person.actor, { to, units: DOLLAR.toString() });
  await follow();
  await closeSolvencyEpoch({ afterChangeMs: 0, atLatestMs: 0 });
  await follow();
  await sealBatches();
  before = new Set(await differences());
});
afterAll(async () => {
  await client.end();
  await db.$disconnect();
  await pool.end();
});

describe("the audit of all money", () => {
  const ref = async () =>
    (await db.depositAccount.findUniqueOrThrow({ where: { accountCode: userAccount(person.actor.userId) } })).ref;

  it("finds nothing of this test's own where nothing is wrong", async () => {
    expect(
      [...before].filter((line) => !/^(ledger|adjustments|reserves|payments|deposits|unclaimed|roots): /.test(line)),
    ).toEqual([]);
    expect([...before].filter((line) => line.includes(person.actor.userId))).toEqual([]);
  });

  it("finds an amount that was changed: in the chain of hashes, in the sums, and against the Vault", async () => {
    await whileChanged(amountOfOurDeposit, [await ref()], (found) => {
      expect(found.some((line) => /^ledger: link .*not those that were sealed/.test(line))).toBe(true);
      expect(found.some((line) => line.startsWith(`ledger: user:${person.actor.userId}`))).toBe(true);
      expect(found.some((line) => /^deposits: deposit .*the ledger has 10000001$/.test(line))).toBe(true);
    });
  });

  it("finds a deposit that is missing from the ledger", async () => {
    const statement = `DELETE FROM ledger_transfer WHERE memo = $1 AND kind = 'deposit'`;
    await whileChanged(statement, [await ref()], (found) => {
      expect(
        found.some((line) => /^deposits: deposit .*10000000 came to the Vault and are not in the ledger$/.test(line)),
      ).toBe(true);
    });
  });

  it("finds a payment that the ledger does not have", async () => {
    const statement = `DELETE FROM ledger_transfer WHERE kind = 'withdrawal' AND debit_id = (SELECT id FROM ledger_account WHERE code = $1)`;
    await whileChanged(statement, [userAccount(person.actor.userId)], (found) => {
      expect(
        found.some((line) => /^payments: withdrawal .*the Vault paid 1000000, the ledger let go of 0$/.test(line)),
      ).toBe(true);
    });
  });

  it("finds a leaf, a root and a chain's head that are not those at the Vault", async () => {
    const code = userAccount(person.actor.userId);
    await whileChanged("UPDATE solvency_leaf SET balance = balance - 1 WHERE account_code = $1", [code], (found) => {
      expect(found).toEqual([
        expect.stringMatching(/^roots: epoch \d+: its leaves do not make the root at the Vault$/),
      ]);
    });
    const last = "WHERE number = (SELECT max(number) FROM solvency_epoch)";
    const changed = `UPDATE solvency_epoch SET root = '0x' || repeat('1', 64), liabilities = liabilities - 1 ${last} AND $1 = $1::text`;
    await whileChanged(changed, [""], (found) => {
      expect(found).toHaveLength(2);
      for (const line of found)
        expect(line).toMatch(/^roots: epoch \d+: its (root|liabilities) is .* here and .* at the Vault$/);
    });
    const head = `UPDATE ledger_batch SET hash = sha256(hash) WHERE '0x' || encode(hash, 'hex') = (SELECT head_hash FROM solvency_epoch ${last}) AND $1 = $1::text`;
    await whileChanged(head, [""], (found) => {
      expect(found.some((line) => /^roots: .*hash chain has no such link$/.test(line))).toBe(true);
      expect(found.some((line) => /^ledger: link /.test(line))).toBe(true);
    });
  });

  it("finds money that the Vault does not have", async () => {
    const key = `audit-test:${person.actor.userId}`;
    const [debit, credit] = ["platform:vault", userAccount(person.actor.userId)];
    const amount = 10n ** 13n;
    const move = (from: string, to: string, suffix: string) =>
      postTransfers([{ key: key + suffix, debit: from, credit: to, amount, asset: "USD", kind: "test" }]);
    await move(debit, credit, "");
    const found = await fresh();
    expect(found.some((line) => /^reserves: the Vault: it holds \d+, the ledger says \d+$/.test(line))).toBe(true);
    expect(found.some((line) => /are missing$/.test(line))).toBe(true);
    await move(credit, debit, ":back");
    expect(await fresh()).toEqual([]);
  });
});
