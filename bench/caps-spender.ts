import { parseArgs } from "node:util";
import { DomainError } from "#core/errors.ts";
import { db, pool } from "#server/db.ts";
import { EXTERNAL_ACCOUNT } from "#server/ledger/account-codes.ts";
import { captureReservation, reserve } from "#server/ledger/reservations.ts";
import { freshKey } from "#server/ledger/testing/accounts.ts";

// One spender of the battery of bench/caps.ts: a process of its own that reserves and captures until it was refused
// often enough, its time is up, or somebody kills it. It prints how often it was refused and for how much.
const { values } = parseArgs({
  options: {
    account: { type: "string", default: "" },
    scope: { type: "string", multiple: true, default: [] },
    amount: { type: "string", default: "10" },
    refusals: { type: "string", default: "20" },
    ms: { type: "string", default: "20000" },
    "clock-skew": { type: "string", default: "0" },
  },
});

const skew = Number(values["clock-skew"]);
if (skew !== 0) {
  const now = Date.now.bind(Date);
  // Jumps there and back every other call, as a clock does that two sources set.
  let calls = 0;
  Date.now = () => now() + (calls++ % 2 === 0 ? skew : -skew);
}

const most = Number(values.amount);
const stopAt = performance.now() + Number(values.ms);
let refused = 0;
let spent = 0;
while (refused < Number(values.refusals) && performance.now() < stopAt) {
  const amount = BigInt(1 + Math.floor(Math.random() * most));
  try {
    const { reservationId } = await reserve({
      key: freshKey(),
      account: values.account,
      amount,
      purpose: "bench",
      expiresAt: new Date(2 ** 41),
      scopes: values.scope,
    });
    const paid = 1n + (amount - 1n) / 2n;
    await captureReservation({
      reservationId,
      key: freshKey(),
      parts: [{ credit: EXTERNAL_ACCOUNT, amount: paid, kind: "bench" }],
    });
    spent += Number(paid);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== "CAP_EXCEEDED") throw error;
    refused += 1;
  }
}
process.stdout.write(`${JSON.stringify({ refused, spent })}\n`);
await db.$disconnect();
await pool.end();
