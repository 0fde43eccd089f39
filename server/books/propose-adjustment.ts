import { type AdjustmentContent, hashAdjustment } from "#core/adjustment.ts";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import type { AdjustmentView, ProposeAdjustmentInput } from "#core/schemas/adjustment.ts";
import { type Sql, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { recordAdminAction } from "#server/identity/record-admin-action.ts";
import { log } from "#server/log.ts";
import { checkAdjustment } from "./check-adjustment.ts";
import { getAdjustment } from "./list-adjustments.ts";
import { readChainSource } from "./read-chain-source.ts";

/** An approval that nobody gave by then is not given any more. */
const OPEN_MS = 7 * 86_400_000;

/** Writes down transfers that another admin may approve. Nothing moves by it. */
export async function proposeAdjustment(
  actor: Actor,
  input: ProposeAdjustmentInput,
  { key = null, openMs = OPEN_MS }: { key?: string | null; openMs?: number } = {},
): Promise<AdjustmentView> {
  const content: AdjustmentContent = {
    id: newId("adjustment"),
    reason: input.reason,
    reference: input.reference ?? null,
    source: input.source ?? null,
    transfers: input.transfers,
  };
  const { source } = content;
  const fact = source && source.kind !== "unassigned" ? await readChainSource(source) : null;
  const contentHash = await hashAdjustment(content);
  const id = await withTransaction(async (sql) => {
    const first = key === null ? null : await findRepeated(sql, actor, content, key);
    if (first) return first;
    await checkAdjustment(sql, content, fact);
    await insertAdjustment(sql, content, { contentHash, proposedBy: actor.userId, key, openMs });
    await recordAdminAction(sql, {
      userId: actor.userId,
      action: "adjustment.propose",
      subject: content.id,
      details: { contentHash },
    });
    return content.id;
  });
  log.info({ event: "adjustment.proposed", adjustmentId: id, admin: actor.userId });
  return getAdjustment({ id });
}

/** The proposal that this key stands for already; callers with one key wait for each other here. */
async function findRepeated(sql: Sql, actor: Actor, content: AdjustmentContent, key: string): Promise<string | null> {
  await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 4))::text", [`${actor.userId} ${key}`]);
  const [first] = await sql.query<{ id: string; hash: string }>(
    "SELECT id, content_hash AS hash FROM adjustment WHERE proposed_by = $1 AND request_key = $2",
    [actor.userId, key],
  );
  if (!first) return null;
  if ((await hashAdjustment({ ...content, id: first.id })) !== first.hash)
    throw new DomainError("IDEMPOTENCY_KEY_REUSED");
  return first.id;
}

async function insertAdjustment(
  sql: Sql,
  { id, reason, reference, source, transfers }: AdjustmentContent,
  {
    contentHash,
    proposedBy,
    key,
    openMs,
  }: { contentHash: string; proposedBy: string; key: string | null; openMs: number },
): Promise<void> {
  await sql.query(
    `INSERT INTO adjustment (id, reason, reference, source_kind, source_transaction, source_log_index, content_hash, proposed_by,
       request_key, proposed_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp(), clock_timestamp() + make_interval(secs => $10::float8 / 1000))`,
    [
      id,
      reason,
      reference,
      source?.kind ?? null,
      source?.transactionHash ?? null,
      source?.logIndex ?? null,
      contentHash,
      proposedBy,
      key,
      openMs,
    ],
  );
  await sql.query(
    `INSERT INTO adjustment_transfer (adjustment_id, place, debit, credit, amount)
     SELECT $1, t.place - 1, t.item ->> 'debit', t.item ->> 'credit', (t.item ->> 'units')::bigint
     FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS t (item, place)`,
    [id, JSON.stringify(transfers)],
  );
}
