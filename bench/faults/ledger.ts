import { db, pool } from "#server/db.ts";
import { EXTERNAL_ACCOUNT } from "#server/ledger/account-codes.ts";
import { auditLedger } from "#server/ledger/audit-ledger.ts";
import { createCap } from "#server/ledger/caps.ts";
import { ledgerTotals } from "#server/ledger/ledger-totals.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { captureReservation, reserve } from "#server/ledger/reservations.ts";
import { freshKey } from "#server/ledger/testing/accounts.ts";
import { type BenchRow, bounded } from "../bench-row.ts";
import { restored, tampered } from "./ledger/copies.ts";
import { killedDatabase, killedMidSettlement } from "./ledger/kills.ts";
import { pair, pay, sealAll } from "./ledger/ledger-world.ts";
import { hotAccount, hundredOnTen, oneKey } from "./ledger/races.ts";
import { eventsThrice } from "./ledger/reward-events.ts";
import { againstTheModel, micropayments } from "./ledger/volume.ts";

/** Few rows of every kind, so that a thousand audits take a minute and not an hour. */
async function seedLittle(): Promise<void> {
  const [first, second] = await pair(1_000n);
  await createCap({ scope: first, asset: "USD", kind: "window", windowMs: 60_000, amount: 900n, actor: "fault" });
  for (let count = 0; count < 8; count += 1) {
    await postTransfers([pay(first, second, 5n)]);
    const { reservationId } = await reserve({
      key: freshKey(),
      account: second,
      amount: 3n,
      purpose: "fault",
      expiresAt: new Date(2 ** 41),
    });
    if (count % 2 === 0)
      await captureReservation({
        reservationId,
        key: freshKey(),
        parts: [{ credit: EXTERNAL_ACCOUNT, amount: 2n, kind: "fault" }],
      });
  }
  await sealAll();
}

const FAULTS: readonly [string, () => BenchRow[] | Promise<BenchRow[]>][] = [
  // The first two look at all there is, again and again: they come while there is little.
  ["l12", () => tampered(1_000)],
  ["l11", restored],
  ["l3", hundredOnTen],
  ["l4", oneKey],
  ["l1", killedMidSettlement],
  ["l8", () => hotAccount(60)],
  ["l2", killedDatabase],
  ["l6", eventsThrice],
  ["l7", () => againstTheModel(10_000)],
  ["l9", micropayments],
];

/** L1 to L12 of the catalogue that need no chain. Takes some minutes; FAULTS_ONLY=l1,l6 runs some of them. */
export async function run(): Promise<BenchRow[]> {
  await seedLittle();
  const rows: BenchRow[] = [];
  const only = process.env.FAULTS_ONLY;
  for (const [name, fault] of FAULTS) {
    if (only && !only.split(",").includes(name)) continue;
    rows.push(...(await fault()));
  }
  await sealAll();
  const findings = await auditLedger();
  const unbalanced = (await ledgerTotals()).filter(({ isBalanced }) => !isBalanced);
  rows.push(
    bounded("findings of the audit after all of it", findings.length, "count", "<= 0", findings[0]?.problem),
    bounded("assets whose debits and credits differ", unbalanced.length, "count", "<= 0"),
  );
  await db.$disconnect();
  await pool.end();
  return rows;
}
