import { DomainError } from "#core/errors.ts";
import type { CapView, CreateCapInput } from "#core/schemas/cap.ts";
import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import { agentAccount, userAccount } from "#server/ledger/account-codes.ts";
import { type Cap, changeCap, createCap, listCaps, removeCap } from "#server/ledger/caps.ts";
import { keyScope, personScope } from "#server/ledger/scopes.ts";
import { accountsOfPerson } from "./accounts-of-person.ts";
import type { Actor } from "./actor.ts";
import { scopeOfCovers } from "./cap-covers.ts";
import { viewCaps } from "./view-caps.ts";

/** Every spending looks at the caps it falls under, so nobody may have them without end. */
const CAPS_MAX = 50;
/** A new one is reckoned from what was spent before it, which takes the database a moment, and none is ever deleted. */
const CAPS_MADE_IN_DAY_MAX = 200;

/** The limits a caller may see: a person theirs and what the platform set on them, an agent those on itself and its key. */
export async function listOwnCaps(actor: Actor): Promise<CapView[]> {
  const { userId, agentId, apiKeyId } = actor;
  const caps = agentId
    ? await listCaps({ scopes: [agentAccount(agentId), ...(apiKeyId ? [keyScope(apiKeyId)] : [])] })
    : await listCaps({ ownerId: userId, orScopes: [userAccount(userId), personScope(userId)] });
  return viewCaps(caps, actor);
}

/** A limit as its owner sees it. */
export async function getOwnCap(actor: Actor, capId: string): Promise<CapView> {
  const [view] = await viewCaps(await listCaps({ capId }), actor);
  if (!view) throw new DomainError("CAP_NOT_FOUND");
  return view;
}

/** One at a time: two requests at the same moment would each find neither the limit of the other nor one too many. */
const lockCapsOf = (sql: Sql, userId: string) =>
  sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 4))::text", [`caps:${userId}`]);

/**
 * Makes a limit on a person's own spending, in the caller's transaction. Answers its id; the same limit asked for again
 * answers the one there is.
 */
export async function createOwnCapIn(sql: Sql, actor: Actor, input: CreateCapInput): Promise<string> {
  const { userId } = actor;
  const { kind, asset, note } = input;
  const windowMs = input.windowMs ?? null;
  const scope = await scopeOfCovers(sql, userId, input.covers);
  await lockCapsOf(sql, userId);
  const caps = (await listCaps({ ownerId: userId }, sql)).filter(({ ownerId }) => ownerId === userId);
  const parent = input.parent ?? null;
  if (parent !== null && !caps.some(({ id }) => id === parent))
    throw new DomainError("CAP_NOT_FOUND", { param: "parent" });
  const first = caps.find(
    (cap) => cap.scope === scope && cap.kind === kind && cap.asset === asset && cap.windowMs === windowMs,
  );
  if (first) return sameCap(first, { amount: BigInt(input.units), parent });
  if (caps.length >= CAPS_MAX) throw new DomainError("CAPS_TOO_MANY", { capsMax: CAPS_MAX });
  await checkPace(sql, userId);
  const { capId } = await createCap(
    {
      scope,
      asset,
      kind,
      amount: BigInt(input.units),
      ...(windowMs === null ? {} : { windowMs }),
      ...(parent === null ? {} : { parent }),
      ...(note === undefined ? {} : { note }),
      ownerId: userId,
      actor: userId,
      accounts: await accountsOfPerson(sql, userId),
    },
    sql,
  );
  return capId;
}

async function checkPace(sql: Sql, userId: string): Promise<void> {
  const [made] = await sql.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM ledger_cap WHERE owner_id = $1 AND created_at > clock_timestamp() - interval '1 day'",
    [userId],
  );
  if ((made?.count ?? 0) < CAPS_MADE_IN_DAY_MAX) return;
  const message = `${CAPS_MADE_IN_DAY_MAX} limits were made in 24 hours. Change the amount of one there is, or make another tomorrow.`;
  throw new DomainError("CAPS_TOO_MANY", { message });
}

function sameCap(first: Cap, wanted: { amount: bigint; parent: string | null }): string {
  if (first.amount !== wanted.amount || first.parent !== wanted.parent)
    throw new DomainError("CAP_EXISTS", { cap: first.id, limit: first.amount });
  return first.id;
}

export async function createOwnCap(actor: Actor, input: CreateCapInput): Promise<CapView> {
  return getOwnCap(actor, await withTransaction((sql) => createOwnCapIn(sql, actor, input)));
}

/** Whose a cap is, whether it still counts or not; a stranger's is not there. */
async function findOwn(sql: Sql, actor: Actor, capId: string): Promise<{ isRemoved: boolean }> {
  const [cap] = await sql.query<{ isRemoved: boolean }>(
    `SELECT removed_at IS NOT NULL AS "isRemoved" FROM ledger_cap WHERE code = $1 AND owner_id = $2`,
    [capId, actor.userId],
  );
  if (!cap) throw new DomainError("CAP_NOT_FOUND");
  return cap;
}

/** Raises or lowers a limit; what was spent under it still counts. */
export async function changeOwnCap(actor: Actor, input: { id: string; units: string }): Promise<CapView> {
  await findOwn(sqlOf(pool), actor, input.id);
  await changeCap({ capId: input.id, amount: BigInt(input.units), actor: actor.userId });
  return getOwnCap(actor, input.id);
}

/** Ends a limit. Ending it twice ends it once. */
export async function removeOwnCap(actor: Actor, input: { id: string }): Promise<{ id: string; removed: true }> {
  await withTransaction(async (sql) => {
    await lockCapsOf(sql, actor.userId);
    const { isRemoved } = await findOwn(sql, actor, input.id);
    if (!isRemoved) await removeCap({ capId: input.id, actor: actor.userId }, sql);
  });
  return { id: input.id, removed: true };
}

/** Ends the limits on a key that is revoked: it spends nothing any more, and they would count among those one may have. */
export async function removeCapsOfKeyIn(sql: Sql, actor: Actor, apiKeyId: string): Promise<void> {
  await lockCapsOf(sql, actor.userId);
  // In the order in which spending locks them: those on one transaction, then the others, oldest first.
  const caps = (await listCaps({ scope: keyScope(apiKeyId) }, sql)).reverse();
  const inOrder = [
    ...caps.filter(({ kind }) => kind === "transaction"),
    ...caps.filter(({ kind }) => kind !== "transaction"),
  ];
  for (const { id, ownerId } of inOrder)
    if (ownerId === actor.userId) await removeCap({ capId: id, actor: actor.userId }, sql);
}
