import { Prisma } from "#generated/prisma/client.ts";
import { db, sqlOf } from "#server/db.ts";
import { addJob } from "#server/queue.ts";

/** A transaction may still be on its way when the deadline passes; after this it has not made it. */
const RECORD_GRACE_MS = 10 * 60_000;

/**
 * Takes up what a dead worker left: proofs whose prover's lock ran out go back to the queue, and proofs that the
 * registry never took end as failed. Runs every minute; safe at any time.
 */
export async function recoverProofs(): Promise<void> {
  const now = new Date();
  await db.$transaction(async (tx) => {
    const abandoned = await tx.proof.findMany({
      where: { status: "proving", lockedUntil: { lt: now } },
      select: { id: true, attempts: true },
      take: 100,
    });
    for (const { id, attempts } of abandoned) {
      if (attempts < 2) await addJob(sqlOf(tx), "prove", { proofId: id }, { jobKey: `prove:${id}`, maxAttempts: 1 });
    }
    await tx.proof.updateMany({
      where: { status: "proving", lockedUntil: { lt: now }, attempts: { gte: 2 } },
      data: { status: "failed", failureCode: "PROVER_FAILED", privateInput: Prisma.DbNull, lockedUntil: null },
    });
    await tx.proof.updateMany({
      where: { status: "proved", deadline: { lt: new Date(now.getTime() - RECORD_GRACE_MS) } },
      data: { status: "failed", failureCode: "NOT_RECORDED" },
    });
  });
}
