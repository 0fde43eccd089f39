import { pool, type Sql, sqlOf } from "#server/db.ts";
import { TIMING } from "../timing.ts";
import type { Rental } from "./match-job.ts";

type Used = Pick<Rental, "usedCores" | "usedMemoryMb" | "usedDiskMb" | "usedGpus" | "jobs">;
type Terms = Omit<Rental, keyof Used>;
type Row = Omit<Terms, "reliability" | "isVerified" | "isAttested"> & {
  succeeded: number;
  failed: number;
  trust: string;
  isAttested: boolean;
};

const UNUSED: Used = { usedCores: 0, usedMemoryMb: 0, usedDiskMb: 0, usedGpus: 0, jobs: 0 };

/** The nodes that rent out and are there now. */
async function readTerms(sql: Sql, nodeIds: readonly string[] | null): Promise<Terms[]> {
  const rows = await sql.query<Row>(
    `SELECT n.id AS "nodeId", n.name AS "nodeName", n.owner_id AS "ownerId", n.region, r.runners, r.cpu_cores AS "cpuCores",
       r.memory_mb AS "memoryMb", r.disk_mb AS "diskMb", r.gpus, r.allows_network AS "allowsNetwork",
       r.has_images AS "hasImages", r.price_per_core_hour AS "pricePerCoreHour", r.price_per_gpu_hour AS "pricePerGpuHour",
       r.jobs_max AS "jobsMax", n.attempts_succeeded AS succeeded, n.attempts_failed AS failed, n.trust,
       coalesce(n.attested_until > now(), false) AS "isAttested"
     FROM compute_rental r JOIN compute_node n ON n.id = r.node_id
     WHERE r.is_active AND n.status = 'online' AND n.trust IN ('new', 'verified') AND n.last_seen_at > now() - make_interval(secs => $1)
       AND ($2::text[] IS NULL OR n.id = ANY($2))`,
    [TIMING.nodeOfflineAfterMs / 1000, nodeIds],
  );
  return rows.map(({ succeeded, failed, trust, isAttested, ...row }) => ({
    ...row,
    reliability: (succeeded + 1) / (succeeded + failed + 2),
    isVerified: trust === "verified",
    isAttested,
  }));
}

/** What leases hold of each node. */
async function readUsed(sql: Sql, nodeIds: readonly string[] | null): Promise<Map<string, Used>> {
  const rows = await sql.query<Used & { nodeId: string }>(
    `SELECT node_id AS "nodeId", sum(cpu_cores)::int AS "usedCores", sum(memory_mb)::int AS "usedMemoryMb",
       sum(disk_mb)::int AS "usedDiskMb", sum(gpu_count)::int AS "usedGpus", count(*)::int AS jobs
     FROM job_lease WHERE status IN ('starting', 'running', 'delivering') AND ($1::text[] IS NULL OR node_id = ANY($1))
     GROUP BY node_id`,
    [nodeIds],
  );
  return new Map(rows.map(({ nodeId, ...used }) => [nodeId, used]));
}

const withUsed = (terms: readonly Terms[], used: ReadonlyMap<string, Used>): Rental[] =>
  terms.map((one) => ({ ...one, ...(used.get(one.nodeId) ?? UNUSED) }));

/** The nodes that rent out and are there now, with what their leases hold of them. */
export async function listRentals(sql: Sql, nodeIds: readonly string[] | null = null): Promise<Rental[]> {
  const terms = await readTerms(sql, nodeIds);
  return withUsed(terms, await readUsed(sql, nodeIds));
}

/** What nodes rent out changes rarely; who is chosen is read again before anything is given to it. */
const TERMS_FRESH_MS = 500;
const TERMS_USABLE_MS = 3_000;
type Known = { terms: Promise<Terms[]>; readAt: number; isRefreshing: boolean };
// Next bundles each route on its own; what one learns of a node's terms holds for all.
const shared = globalThis as typeof globalThis & { convergeRentalTerms?: Known | null };

/** What a node rents out has changed: the next dispatch is to see it. */
export function forgetRentals(): void {
  shared.convergeRentalTerms = null;
}

function readAgain(): Promise<Terms[]> {
  const terms = readTerms(sqlOf(pool), null);
  const readAt = performance.now();
  return terms.then((read) => {
    shared.convergeRentalTerms = { terms: Promise.resolve(read), readAt, isRefreshing: false };
    return read;
  });
}

function termsNow(): Promise<Terms[]> {
  const known = shared.convergeRentalTerms;
  const age = known ? performance.now() - known.readAt : Number.POSITIVE_INFINITY;
  if (!known || age > TERMS_USABLE_MS) return readAgain();
  // Read again beside the decision, which does not wait for it.
  if (age > TERMS_FRESH_MS && !known.isRefreshing) {
    known.isRefreshing = true;
    readAgain().catch(forgetRentals);
  }
  return known.terms;
}

/** As `listRentals`, with terms that may be some seconds old and leases as they are. */
export async function listRentalsQuickly(sql: Sql): Promise<Rental[]> {
  const [terms, used] = await Promise.all([termsNow(), readUsed(sql, null)]);
  return withUsed(terms, used);
}
