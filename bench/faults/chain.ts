import { db, pool } from "#server/db.ts";
import { ledgerTotals } from "#server/ledger/ledger-totals.ts";
import { ensureWithdrawalCap } from "#server/wallets/withdrawal-limits.ts";
import { type BenchRow, bounded } from "../bench-row.ts";
import { brokenNodes } from "./chain/broken-nodes.ts";
import { clockAhead, clockBehind } from "./chain/clock-jumps.ts";
import { killedEpochs } from "./chain/epoch-kills.ts";
import { crashes, droppedTransactions, twoWorkers } from "./chain/outbox-faults.ts";
import { reorganisations } from "./chain/reorganisations.ts";
import { type Faults, runFaults } from "./run-faults.ts";

/** C1 to C6 and L10 of the catalogue, against a real chain, database, signer, outbox and indexer. */
export async function run(): Promise<BenchRow[]> {
  await ensureWithdrawalCap();
  const rows = await runFaults(FAULTS);
  const off = (await ledgerTotals()).filter(({ isBalanced }) => !isBalanced);
  rows.push(bounded("after all of it: assets out of balance", off.length, "assets", "<= 0"));
  await db.$disconnect();
  await pool.end();
  return rows;
}

const FAULTS: Faults = [
  // Turning the clock back is the first, and forward the last: a chain's time only ever grows.
  ["c6-behind", clockBehind],
  ["c1", reorganisations],
  ["c4", droppedTransactions],
  ["c2", brokenNodes],
  ["c3", crashes],
  ["c5", twoWorkers],
  ["l10", killedEpochs],
  ["c6-ahead", clockAhead],
];
