import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { db, pool } from "#server/db.ts";
import { createUser } from "#server/identity/users.ts";
import { ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { freshKey, openAccounts } from "#server/ledger/testing/accounts.ts";
import { reconciliationFindings, registry } from "#server/metrics.ts";
import { refreshGauges } from "#server/operations/refresh-gauges.ts";
import { followUntilQuiet } from "#server/wallets/testing/wallet-world.ts";
import { findLastReconciliation, getReconciliation, listReconciliations } from "./list-reconciliations.ts";
import { reconcile } from "./reconcile.ts";
import { requestDueReconciliation, requestReconciliation } from "./request-reconciliation.ts";

let admin: string;
const jobs = async () =>
  (await pool.query("SELECT 1 FROM graphile_worker.jobs WHERE task_identifier = 'reconcile'")).rowCount;

beforeAll(async () => {
  await ensurePlatformAccounts();
  admin = await db.$transaction((tx) => createUser(tx, { name: "Reconciler", roles: ["user", "admin"] }));
  await followUntilQuiet();
});
beforeEach(() =>
  pool.query("UPDATE reconciliation_run SET status = 'failed', finished_at = now() WHERE finished_at IS NULL"),
);
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("a reconciliation", () => {
  it("asked for by many at once is one run and one job, and names who asked first", async () => {
    const asked = await Promise.all(Array.from({ length: 12 }, () => requestReconciliation(admin)));
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    const [first] = asked;
    expect(await getReconciliation({ id: first?.id ?? "" })).toMatchObject({
      status: "queued",
      requestedBy: { id: admin, name: "Reconciler" },
      sections: [],
    });
    expect(await jobs()).toBe(1);
    expect((await db.adminAction.findMany({ where: { subject: first?.id ?? "" } })).length).toBe(12);
  });

  it("compares every section once, however often its job comes, and the next request makes the next run", async () => {
    const { id } = await requestReconciliation(null);
    await Promise.all([reconcile(id), reconcile(id), reconcile(id)]);
    const run = await getReconciliation({ id });
    expect(run).toMatchObject({ status: "done", requestedBy: null, error: null });
    expect(run.sections.map(({ name }) => name)).toEqual([
      "ledger",
      "adjustments",
      "roots",
      "deposits",
      "unclaimed",
      "calls",
      "payments",
      "reserves",
      "escrows",
    ]);
    expect(BigInt(run.block ?? -1)).toBeGreaterThan(0n);
    const again = await requestReconciliation(null);
    expect(again.id).not.toBe(id);
    expect((await listReconciliations({ limit: 2 })).data.map((row) => row.id)).toEqual([again.id, id]);
  });

  it("keeps every difference with its place, and the metric and the overview say how many", async () => {
    const [payer = "", payee = ""] = await openAccounts(10n, 0n);
    const key = freshKey();
    await postTransfers([{ key, debit: payer, credit: payee, amount: 1n, asset: "USD", kind: "adjustment" }]);
    const { id } = await requestReconciliation(admin);
    await reconcile(id);
    const { sections, findingCount } = await getReconciliation({ id });
    expect(sections.find(({ name }) => name === "adjustments")?.findings).toContainEqual({
      where: `transfer ${key}`,
      problem: "an adjustment of 1 that nobody approved",
    });
    expect(findingCount).toBe(sections.reduce((sum, section) => sum + section.findingCount, 0));
    expect(await findLastReconciliation()).toMatchObject({ id, status: "done", findingCount });
    await refreshGauges();
    expect((await reconciliationFindings.get()).values[0]?.value).toBe(findingCount);
    expect(await registry.metrics()).toContain("converge_reconciliation_finished_seconds");
  });

  it("reads beside postings and holds none of them up", async () => {
    const [payer = "", payee = ""] = await openAccounts(1_000n, 0n);
    const { id } = await requestReconciliation(null);
    const running = reconcile(id);
    for (let index = 0; index < 50; index += 1)
      await postTransfers([
        { key: freshKey(), debit: payer, credit: payee, amount: 1n, asset: "USD", kind: "payment" },
      ]);
    await running;
    const { sections } = await getReconciliation({ id });
    expect(sections.find(({ name }) => name === "ledger")?.findings.filter(({ where }) => where === payer)).toEqual([]);
  });

  it("is given up when its time is over, and says so", async () => {
    const { id } = await requestReconciliation(null);
    await reconcile(id, 1);
    expect(await getReconciliation({ id })).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/too long|timeout/),
    });
    expect((await requestReconciliation(null)).id).not.toBe(id);
  });

  it("whose worker was lost stands in nobody's way for longer than a run may take", async () => {
    const { id } = await requestReconciliation(null);
    await pool.query("UPDATE reconciliation_run SET status = 'running', started_at = now() WHERE id = $1", [id]);
    expect((await requestReconciliation(admin)).id).toBe(id);
    await pool.query("UPDATE reconciliation_run SET started_at = now() - interval '17 minutes' WHERE id = $1", [id]);
    const next = await requestReconciliation(admin);
    expect(next.id).not.toBe(id);
    expect(await getReconciliation({ id })).toMatchObject({
      status: "failed",
      error: "The worker that ran it was lost.",
    });
  });

  it("by the clock comes once for many workers that start, and not where it was just done", async () => {
    const { id } = await requestReconciliation(null);
    await reconcile(id);
    await Promise.all([requestDueReconciliation(60_000), requestDueReconciliation(60_000)]);
    expect((await listReconciliations({ limit: 1 })).data[0]?.id).toBe(id);
    await Promise.all([requestDueReconciliation(0), requestDueReconciliation(0)]);
    const { data } = await listReconciliations({ limit: 2 });
    expect(data[1]?.id).toBe(id);
  });
});
