import { db, pool } from "#server/db.ts";
import { ledgerTotals } from "#server/ledger/ledger-totals.ts";
import { type BenchRow, bounded } from "../bench-row.ts";
import { type Faults, runFaults } from "./run-faults.ts";
import { quorum } from "./wallets/approvals.ts";
import { injections } from "./wallets/injections.ts";
import { keysAtRest, rotation } from "./wallets/keys.ts";
import { hashBound, parallelSends, pauses, signerSurface, windows } from "./wallets/limits.ts";
import { passkeyReplays, walletReplays } from "./wallets/sign-ins.ts";

/** W1 to W12 of the catalogue, against a real chain, database and signer. */
export async function run(): Promise<BenchRow[]> {
  const rows = await runFaults(FAULTS);
  const off = (await ledgerTotals()).filter(({ isBalanced }) => !isBalanced);
  rows.push(bounded("after all of it: assets out of balance", off.length, "assets", "<= 0"));
  await db.$disconnect();
  await pool.end();
  return rows;
}

const FAULTS: Faults = [
  ["w1", signerSurface],
  ["w2", injections],
  ["w3", parallelSends],
  ["w4", windows],
  ["w5", keysAtRest],
  ["w8", pauses],
  ["w9", hashBound],
  ["w10", quorum],
  ["w11", walletReplays],
  ["w12", passkeyReplays],
  // The last, because it fills the store with ten thousand wallets.
  ["w7", rotation],
];
