import { pool } from "#server/db.ts";
import { createCap } from "../caps.ts";
import { postTransfers } from "../post-transfers.ts";
import { captureReservation, reserve } from "../reservations.ts";
import { sealBatches } from "../seal-batches.ts";
import { freshKey, openAccounts } from "./accounts.ts";

/** Seals until nothing is left to seal. */
export async function sealAll(): Promise<void> {
  while ((await pool.query("SELECT FROM ledger_batch WHERE link IS NULL")).rowCount) await sealBatches();
}

/** Makes a few rows of every kind, with a value in every column that can have one, and seals them. */
export async function makeRowsOfEveryKind(): Promise<void> {
  const [first = "", second = ""] = await openAccounts(1_000n, 1_000n);
  await createCap({ scope: first, asset: "USD", kind: "window", windowMs: 60_000, amount: 900n, actor: "test" });
  for (let count = 0; count < 8; count += 1) {
    await postTransfers([{ key: freshKey(), debit: first, credit: second, amount: 5n, asset: "USD", kind: "test" }]);
    const { reservationId } = await reserve({
      key: freshKey(),
      account: second,
      amount: 9n,
      purpose: "test",
      expiresAt: new Date("2100-01-01T00:00:00Z"),
      scopes: ["provider:one", "provider:two"],
    });
    if (count % 2 === 0)
      await captureReservation({
        reservationId,
        key: freshKey(),
        parts: [{ credit: first, amount: 7n, kind: "test" }],
        unusedScopes: ["provider:two"],
      });
  }
  await sealAll();
}
