import { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { type Page, type PageInput, toPage } from "#core/page.ts";
import { type ReconciliationView, reconciliationSection } from "#core/schemas/reconciliation.ts";
import { db, pool, sqlOf } from "#server/db.ts";

type Row = NonNullable<Awaited<ReturnType<typeof db.reconciliationRun.findUnique>>>;

async function viewRuns(rows: readonly Row[]): Promise<ReconciliationView[]> {
  const users = await db.user.findMany({
    where: { id: { in: rows.flatMap(({ requestedBy }) => requestedBy ?? []) } },
    select: { id: true, name: true },
  });
  const names = new Map(users.map(({ id, name }) => [id, name]));
  return rows.map((row) => ({
    object: "reconciliation",
    id: row.id,
    status: row.status as ReconciliationView["status"],
    requestedBy:
      row.requestedBy === null ? null : { id: row.requestedBy, name: names.get(row.requestedBy) ?? row.requestedBy },
    requestedAt: row.requestedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    block: row.block?.toString() ?? null,
    link: row.link?.toString() ?? null,
    findingCount: row.findingCount,
    error: row.error,
    sections: z.array(reconciliationSection).parse(row.sections),
  }));
}

export async function getReconciliation({ id }: { id: string }): Promise<ReconciliationView> {
  const row = await db.reconciliationRun.findUnique({ where: { id } });
  const [view] = row ? await viewRuns([row]) : [];
  if (!view) throw new DomainError("NOT_FOUND");
  return view;
}

/** Runs, newest first. */
export async function listReconciliations(input: PageInput): Promise<Page<ReconciliationView>> {
  const rows = await db.reconciliationRun.findMany({
    ...(input.cursor ? { where: { id: { lt: input.cursor } } } : {}),
    orderBy: { id: "desc" },
    take: input.limit + 1,
  });
  const { data, ...rest } = toPage(rows, input.limit);
  return { data: await viewRuns(data), ...rest };
}

export type LastReconciliation = {
  id: string;
  status: "done" | "failed";
  finishedAt: Date;
  findingCount: number;
  hasChain: boolean;
};

/** The newest run that has ended; null before the first. */
export async function findLastReconciliation(): Promise<LastReconciliation | null> {
  const [last] = await sqlOf(pool).query<LastReconciliation>(
    `SELECT id, status, finished_at AS "finishedAt", finding_count AS "findingCount",
       block IS NOT NULL AS "hasChain" FROM reconciliation_run
      WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT 1`,
  );
  return last ?? null;
}
