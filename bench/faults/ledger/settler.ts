import { db, pool } from "#server/db.ts";
import { captureReservation, reserve } from "#server/ledger/reservations.ts";

// One settlement process of bench/faults/ledger/kills.ts, which kills it at a random moment: it works off numbered jobs, each a
// reservation and its capture under keys made of the number, and prints each number once it was told that it is done.
const [prefix = "", payer = "", payee = "", first = "0", last = "0"] = process.argv.slice(2);

async function settle(job: number): Promise<void> {
  const { reservationId } = await reserve({
    key: `${prefix}:${job}`,
    account: payer,
    amount: 3n,
    purpose: "fault",
    expiresAt: new Date(2 ** 41),
  });
  await captureReservation({
    reservationId,
    key: `${prefix}:${job}:capture`,
    parts: [{ credit: payee, amount: 2n, kind: "fault" }],
  });
  process.stdout.write(`${job}\n`);
}

const jobs = Array.from({ length: Number(last) - Number(first) }, (_, index) => Number(first) + index);
process.stdout.write("ready\n");
await Promise.all(
  Array.from({ length: 16 }, async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await settle(job);
  }),
);
await db.$disconnect();
await pool.end();
