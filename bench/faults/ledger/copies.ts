import { execFileSync } from "node:child_process";
import { chown, cp, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import pg from "pg";
import { env } from "#server/env.ts";
import { auditLedger } from "#server/ledger/audit-ledger.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { chainHead } from "#server/ledger/seal-batches.ts";
import { sealAll } from "#server/ledger/testing/rows-of-every-kind.ts";
import { TARGETS, tamper } from "#server/ledger/testing/tamper.ts";
import { freePort } from "../../../scripts/lib/ports.ts";
import { startPostgres } from "../../../scripts/lib/postgres.ts";
import { type BenchRow, bounded, round } from "../../bench-row.ts";
import { pair, pay } from "./ledger-world.ts";

/** L11: a copy of the running database is started elsewhere and audited. */
export async function restored(): Promise<BenchRow[]> {
  const [payer, payee] = await pair(1_000n);
  await sealAll();
  const startedAt = performance.now();
  const home = await mkdtemp(join(tmpdir(), "converge-restore-"));
  const keeper = new pg.Client({ connectionString: env.DATABASE_URL });
  await keeper.connect();
  try {
    const source = join(env.CONVERGE_HOME, "postgres");
    const target = join(home, "postgres");
    await keeper.query("SELECT pg_backup_start('restore', true)");
    execFileSync("cp", ["-a", source, target]);
    // Acknowledged while the copy was made: it is in the log that is copied last.
    await postTransfers([pay(payer, payee, 5n)]);
    await sealAll();
    const head = await chainHead();
    const { rows } = await keeper.query<{ labelfile: string }>("SELECT labelfile FROM pg_backup_stop(false)");
    await rm(join(target, "pg_wal"), { recursive: true, force: true });
    execFileSync("cp", ["-a", join(source, "pg_wal"), join(target, "pg_wal")]);
    await writeFile(join(target, "backup_label"), rows[0]?.labelfile ?? "");
    const { uid, gid } = await stat(target);
    await chown(join(target, "backup_label"), uid, gid);
    await rm(join(target, "postmaster.pid"), { force: true });
    await cp(join(env.CONVERGE_HOME, "postgres-password"), join(home, "postgres-password"));
    const copy = await startPostgres({ home, port: await freePort() });
    const client = new pg.Client({ connectionString: copy.url });
    await client.connect();
    const sql = {
      query: async <Row>(text: string, values?: unknown[]) => (await client.query(text, values)).rows as Row[],
    };
    const findings = await auditLedger(sql);
    const [found] = await sql.query<{ hash: string }>(
      "SELECT '0x' || encode(hash, 'hex') AS hash FROM ledger_batch ORDER BY link DESC NULLS LAST LIMIT 1",
    );
    await client.end();
    await copy.stop();
    return [
      bounded(
        "L11 a restored copy's chain head differs",
        found?.hash === head?.hash ? 0 : 1,
        "count",
        "<= 0",
        "what was acknowledged during the copy included",
      ),
      bounded("L11 findings of its audit", findings.length, "count", "<= 0", findings[0]?.problem),
      bounded("L11 time to copy, start and audit", round((performance.now() - startedAt) / 1000), "s", "<= 300"),
    ];
  } finally {
    await keeper.end();
    await rm(home, { recursive: true, force: true });
  }
}

/** L12: a thousand values changed behind the ledger's back, one at a time. */
export async function tampered(flips: number): Promise<BenchRow[]> {
  const client = new pg.Client({ connectionString: env.DATABASE_URL });
  await client.connect();
  const targets = Object.entries(TARGETS).flatMap(([table, columns]) =>
    columns.map((column) => [table, column] as const),
  );
  const missed = new Map<string, number>();
  for (let flip = 0; flip < flips; flip += 1) {
    const [table, column] = targets[flip % targets.length] ?? ["", ""];
    if (!(await tamper(client, table, column)))
      missed.set(`${table}.${column}`, (missed.get(`${table}.${column}`) ?? 0) + 1);
  }
  await client.end();
  const count = [...missed.values()].reduce((sum, value) => sum + value, 0);
  return [
    bounded(`L12 changes of ${flips} that the audit missed`, count, "count", "<= 0", [...missed.keys()].join(", ")),
  ];
}
