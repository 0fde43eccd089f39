import { newPerson } from "#server/api/testing/compute-world.ts";
import { closeHub } from "#server/compute/hub.ts";
import { db, pool } from "#server/db.ts";
import { auditLedger } from "#server/ledger/audit-ledger.ts";
import { type BenchRow, bounded } from "../bench-row.ts";
import { startDoors } from "./compute/compute-world.ts";
import { forbiddenAddresses } from "./compute/forbidden-addresses.ts";
import { hostileAnswers, overReporting, slowLoris } from "./compute/hostile-nodes.ts";
import { liarSet } from "./compute/liars.ts";
import { forgedNodes, lostJobs } from "./compute/node-identity.ts";
import { clientLeaves, killedMidStream } from "./compute/streams.ts";
import { type Faults, runFaults } from "./run-faults.ts";

type Doors = Awaited<ReturnType<typeof startDoors>>;
type Provider = Awaited<ReturnType<typeof newPerson>>;
export type FaultWorld = { doors: Doors; provider: Provider };

const FAULTS: Faults<[FaultWorld]> = [
  ["n1", killedMidStream],
  ["n2", slowLoris],
  ["n3", hostileAnswers],
  ["n4", overReporting],
  ["n5", lostJobs],
  ["n7", clientLeaves],
  ["n9", forbiddenAddresses],
  ["n10", forgedNodes],
  ["liars", liarSet],
];

/** N1 to N10 of the catalogue, and the liar set; N8 is the long part of `npm run bench -- gateway`. FAULTS_ONLY=n1,n3 runs some of them. */
export async function run(): Promise<BenchRow[]> {
  const provider = await newPerson(0n, ["user", "provider"]);
  const doors = await startDoors();
  try {
    const rows = await runFaults(FAULTS, { doors, provider });
    const findings = await auditLedger();
    rows.push(bounded("findings of the audit after all of it", findings.length, "count", "<= 0", findings[0]?.problem));
    return rows;
  } finally {
    await doors.stop();
    await closeHub();
    await db.$disconnect();
    await pool.end();
  }
}
