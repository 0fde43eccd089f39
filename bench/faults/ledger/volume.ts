import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { splitDown } from "#core/money.ts";
import { ROUNDING_ACCOUNT } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { openAccounts } from "#server/ledger/testing/accounts.ts";
import { NODE_FLAGS, root } from "../../../scripts/lib/services.ts";
import { type BenchRow, bounded } from "../../bench-row.ts";
import { pay } from "./ledger-world.ts";

/** L7: random sequences beside a plain model of the ledger; the test prints its seed when one differs. */
export function againstTheModel(sequences: number): BenchRow[] {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const startedAt = performance.now();
  let isSame = true;
  try {
    execFileSync(
      process.execPath,
      [
        ...NODE_FLAGS,
        join(root, "node_modules/vitest/vitest.mjs"),
        "run",
        "--project",
        "integration",
        "server/ledger/model",
      ],
      { cwd: root, env: { ...process.env, LEDGER_RUNS: String(sequences), LEDGER_SEED: String(seed) }, stdio: "pipe" },
    );
  } catch (error) {
    isSame = false;
    process.stderr.write(String((error as { stdout?: Buffer }).stdout ?? error));
  }
  return [
    bounded(
      "L7 sequences that end otherwise than the model",
      isSame ? 0 : 1,
      "count",
      "<= 0",
      `${sequences} random sequences in ${Math.round((performance.now() - startedAt) / 1000)} s, seed ${seed}`,
    ),
  ];
}

/** L9: a million payments of one unit, each split in three. */
export async function micropayments(): Promise<BenchRow[]> {
  const [payer, ...payees] = await openAccounts(1_000_000n, 0n, 0n, 0n);
  const before = (await getBalance(ROUNDING_ACCOUNT)).posted;
  const each = 1_000;
  for (let posted = 0; posted < 1_000_000; posted += each) {
    await postTransfers(
      Array.from({ length: each }, () => splitDown(1n, [1n, 1n, 1n])).flatMap(({ shares, residue }) => [
        ...shares.flatMap((share, index) => (share > 0n ? [pay(payer ?? "", payees[index] ?? "", share)] : [])),
        ...(residue > 0n ? [pay(payer ?? "", ROUNDING_ACCOUNT, residue)] : []),
      ]),
    );
  }
  let total = (await getBalance(ROUNDING_ACCOUNT)).posted - before;
  for (const payee of payees) total += (await getBalance(payee)).posted;
  return [
    bounded(
      "L9 units missing of a million split in three",
      Math.abs(1_000_000 - Number(total)),
      "micro-dollars",
      "<= 0",
      "the residue is on the rounding account",
    ),
  ];
}
