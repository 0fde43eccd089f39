import { DomainError } from "#core/errors.ts";
import { type PageInput, toPage } from "#core/page.ts";
import type { CreatePlatformCapInput, PlatformCapView } from "#core/schemas/cap.ts";
import { db, pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import { accountsOfPerson } from "#server/identity/accounts-of-person.ts";
import type { Actor } from "#server/identity/actor.ts";
import { viewCaps } from "#server/identity/view-caps.ts";
import { type Cap, changeCap, createCap, listCaps, removeCap } from "#server/ledger/caps.ts";
import { personOf } from "#server/ledger/scopes.ts";
import { isDailyCap } from "#server/wallets/withdrawal-limits.ts";

/** The changes of a cap that are shown with it, newest first. */
const CHANGES_MAX = 10;

/** The caps that the platform set, on everybody or on somebody, newest first. */
export async function listPlatformCaps(actor: Actor, { limit, cursor }: PageInput) {
  const caps = await listCaps({ platformBefore: cursor ?? null, limit: limit + 1 });
  const { data, ...rest } = toPage(caps, limit);
  return { data: await viewPlatformCaps(actor, data), ...rest };
}

async function viewPlatformCaps(actor: Actor, caps: readonly Cap[]): Promise<PlatformCapView[]> {
  const [views, changes] = await Promise.all([viewCaps(caps, actor), changesOf(caps.map(({ id }) => id))]);
  const configured = new Set(caps.filter(isDailyCap).map(({ id }) => id));
  return views.map((view) => ({
    ...view,
    isConfigured: configured.has(view.id),
    changes: changes.get(view.id) ?? [],
  }));
}

type Change = PlatformCapView["changes"][number];

async function changesOf(capIds: readonly string[]): Promise<Map<string, Change[]>> {
  const rows = await sqlOf(pool).query<{
    code: string;
    at: Date;
    by: string;
    units: bigint | null;
    reason: string | null;
  }>(
    `SELECT c.code, k.changed_at AS at, coalesce(u.name, k.actor) AS by, k.amount AS units, r.reason
       FROM ledger_cap c
       CROSS JOIN LATERAL (SELECT * FROM ledger_cap_change WHERE cap_id = c.id ORDER BY id DESC LIMIT ${CHANGES_MAX}) k
       LEFT JOIN cap_reason r ON r.change_id = k.id
       LEFT JOIN "user" u ON u.id = k.actor
      WHERE c.code = ANY ($1::text[]) ORDER BY k.id DESC`,
    [capIds],
  );
  const changes = new Map<string, Change[]>();
  for (const { code, at, by, units, reason } of rows) {
    const change = { at: at.toISOString(), by, units: units?.toString() ?? null, reason };
    changes.set(code, [...(changes.get(code) ?? []), change]);
  }
  return changes;
}

async function getPlatformCap(actor: Actor, capId: string): Promise<PlatformCapView> {
  const [view] = await viewPlatformCaps(actor, await listCaps({ capId }));
  if (!view) throw new DomainError("CAP_NOT_FOUND");
  return view;
}

/** One admin at a time, so that none makes a cap twice or changes one that another removes. */
const lockPlatformCaps = (sql: Sql) =>
  sql.query("SELECT pg_advisory_xact_lock(hashtextextended('caps:platform', 4))::text");

/** Keeps why with the change that was just made. */
async function keepReason(sql: Sql, capId: string, reason: string): Promise<void> {
  await sql.query(
    `INSERT INTO cap_reason (change_id, reason)
       SELECT max(k.id), $2 FROM ledger_cap_change k JOIN ledger_cap c ON c.id = k.cap_id WHERE c.code = $1`,
    [capId, reason],
  );
}

/** Makes a cap of the platform's on any scope. The same one asked for again answers the one there is. */
export async function createPlatformCap(actor: Actor, input: CreatePlatformCapInput): Promise<PlatformCapView> {
  const { scope, kind, asset, parent, reason } = input;
  const windowMs = input.windowMs ?? null;
  const amount = BigInt(input.units);
  const made = await withTransaction(async (sql) => {
    await lockPlatformCaps(sql);
    const first = (await listCaps({ scope }, sql)).find(
      (cap) => cap.ownerId === null && cap.kind === kind && cap.asset === asset && cap.windowMs === windowMs,
    );
    if (first && (first.amount !== amount || first.parent !== (parent ?? null)))
      throw new DomainError("CAP_EXISTS", { cap: first.id, limit: first.amount });
    if (first) return first.id;
    const person = personOf(scope);
    const { capId } = await createCap(
      {
        scope,
        asset,
        kind,
        amount,
        note: reason,
        actor: actor.userId,
        ...(windowMs === null ? {} : { windowMs }),
        ...(parent === undefined ? {} : { parent }),
        ...(person === null ? {} : { accounts: await accountsOfPerson(sql, person) }),
      },
      sql,
    );
    await keepReason(sql, capId, reason);
    return capId;
  });
  return getPlatformCap(actor, made);
}

/** A cap of the platform's that an admin may change: neither a person's own nor one that the configuration keeps. */
async function getChangeable(sql: Sql, capId: string): Promise<Cap> {
  await lockPlatformCaps(sql);
  const [cap] = await listCaps({ capId }, sql);
  if (cap?.ownerId !== null) throw new DomainError("CAP_NOT_FOUND");
  if (isDailyCap(cap)) throw new DomainError("CAP_CONFIGURED", { variable: "WITHDRAWAL_DAILY_CAP" });
  return cap;
}

export async function changePlatformCap(
  actor: Actor,
  input: { id: string; units: string; reason: string },
): Promise<PlatformCapView> {
  const amount = BigInt(input.units);
  await withTransaction(async (sql) => {
    const cap = await getChangeable(sql, input.id);
    if (cap.amount === amount) return;
    await changeCap({ capId: cap.id, amount, actor: actor.userId }, sql);
    await keepReason(sql, cap.id, input.reason);
  });
  return getPlatformCap(actor, input.id);
}

/** Ends a cap of the platform's. Ending it twice ends it once. */
export async function removePlatformCap(
  actor: Actor,
  input: { id: string; reason: string },
): Promise<{ id: string; removed: true }> {
  await withTransaction(async (sql) => {
    const gone = await db.ledgerCap.findFirst({
      where: { code: input.id, ownerId: null, removedAt: { not: null } },
      select: { id: true },
    });
    if (gone) return;
    const cap = await getChangeable(sql, input.id);
    await removeCap({ capId: cap.id, actor: actor.userId }, sql);
    await keepReason(sql, cap.id, input.reason);
  });
  return { id: input.id, removed: true };
}
