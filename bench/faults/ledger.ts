import { db, pool } from "#server/db.ts";
import { auditLedger } from "#server/ledger/audit-ledger.ts";
import { ledgerTotals } from "#server/ledger/ledger-totals.ts";
import { makeRowsOfEveryKind, sealAll } from "#server/ledger/testing/rows-of-every-kind.ts";
import { type BenchRow, bounded } from "../bench-row.ts";
import { restored, tampered } from "./ledger/copies.ts";
import { killedDatabase, killedMidSettlement } from "./ledger/kills.ts";
import { hotAccount, hundredOnTen, oneKey } from "./ledger/races.ts";
import { eventsThrice } from "./ledger/reward-events.ts";
import { againstTheModel, micropayments } from "./ledger/volume.ts";
import { type Faults, runFaults } from "./run-faults.ts";

const FAULTS: Faults = [
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
  // Few rows, so that a thousand audits take a minute and not an hour.
  await makeRowsOfEveryKind();
  const rows = await runFaults(FAULTS);
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
