import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import {
  type AdminTemplateDetail,
  type AdminTemplateView,
  type ChangeTemplateInput,
  type CreateTemplateInput,
  TEMPLATE_STATUSES,
  type TemplatePolicy,
  templatePolicy,
} from "#core/schemas/policy-template.ts";
import { db, type Sql, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { recordAdminAction } from "#server/identity/record-admin-action.ts";
import { TEMPLATES_MAX, type TemplateRow, viewTemplate } from "./policy-templates.ts";

/** How far templates stand apart, so that another one fits between. */
const POSITION_STEP = 10;

/** How many agents were made from each. */
async function countAgents(ids: readonly string[]): Promise<Map<string | null, number>> {
  const counts = await db.agent.groupBy({
    by: ["templateId"],
    where: { templateId: { in: [...ids] } },
    _count: { _all: true },
  });
  return new Map(counts.map(({ templateId, _count }) => [templateId, _count._all]));
}

async function namesOf(rows: readonly TemplateRow[]): Promise<Map<string, string>> {
  const ids = rows.flatMap(({ versions }) => versions.flatMap(({ createdBy }) => createdBy ?? []));
  const users = await db.user.findMany({ where: { id: { in: ids } }, select: { id: true, name: true } });
  return new Map(users.map(({ id, name }) => [id, name ?? id]));
}

async function viewAll(rows: readonly TemplateRow[]): Promise<AdminTemplateDetail[]> {
  const [agents, names] = await Promise.all([countAgents(rows.map(({ id }) => id)), namesOf(rows)]);
  const nameOf = (id: string | null) => (id === null ? null : (names.get(id) ?? id));
  return rows.map((row) => {
    const versions = row.versions.map(({ number, name, description, policy, createdBy, createdAt }) => ({
      number,
      name,
      description,
      policy: templatePolicy.parse(policy),
      writtenBy: nameOf(createdBy),
      createdAt: createdAt.toISOString(),
    }));
    return {
      ...viewTemplate(row),
      status: statusOf(row),
      agents: agents.get(row.id) ?? 0,
      writtenBy: versions[0]?.writtenBy ?? null,
      updatedAt: row.updatedAt.toISOString(),
      versions,
    };
  });
}

function statusOf({ status }: TemplateRow): AdminTemplateView["status"] {
  const known = TEMPLATE_STATUSES.find((one) => one === status);
  if (!known) throw new Error(`A template is ${status}.`);
  return known;
}

/** All templates, those that are no longer offered too, in the order in which they are offered. */
export async function listAllTemplates(): Promise<{ data: AdminTemplateView[] }> {
  const rows = await db.policyTemplate.findMany({
    orderBy: [{ position: "asc" }, { id: "asc" }],
    take: TEMPLATES_MAX,
    include: { versions: { orderBy: { number: "desc" }, take: 1 } },
  });
  return { data: await viewAll(rows) };
}

/** One template with all that it was. */
export async function getTemplate({ id }: { id: string }): Promise<AdminTemplateDetail> {
  const row = await db.policyTemplate.findUnique({
    where: { id },
    include: { versions: { orderBy: { number: "desc" } } },
  });
  const [view] = row ? await viewAll([row]) : [];
  if (!view) throw new DomainError("NOT_FOUND");
  return view;
}

type Version = { number: number; name: string; description: string; policy: TemplatePolicy };

const insertVersion = (sql: Sql, actor: Actor, id: string, { number, name, description, policy }: Version) =>
  sql.query(
    `INSERT INTO policy_template_version (template_id, number, name, description, policy, created_by)
     VALUES ($1, $2, $3, $4, $5::jsonb, $6)`,
    [id, number, name, description, JSON.stringify(policy), actor.userId],
  );

/** Writes a template that nobody is offered yet. */
export async function createTemplate(actor: Actor, input: CreateTemplateInput): Promise<AdminTemplateDetail> {
  const id = newId("policyTemplate");
  await withTransaction(async (sql) => {
    await sql.query(
      `INSERT INTO policy_template (id, position)
       SELECT $1, coalesce($2::int, max(position) + ${POSITION_STEP}, ${POSITION_STEP}) FROM policy_template`,
      [id, input.position ?? null],
    );
    await insertVersion(sql, actor, id, { ...input, number: 1 });
    await record(sql, actor, "template.create", id, { name: input.name });
  });
  return getTemplate({ id });
}

/**
 * Writes a new version, which is offered from now on if the template is published. Its place alone makes no new version.
 * Agents that were made from it stay as they are.
 */
export async function changeTemplate(actor: Actor, input: ChangeTemplateInput): Promise<AdminTemplateDetail> {
  const { id, version, position, name, description, policy, reason } = input;
  await withTransaction(async (sql) => {
    const before = await lock(sql, id);
    if (before.version !== version) throw new DomainError("CONFLICT", { version: before.version });
    const isSame =
      before.name === name &&
      before.description === description &&
      JSON.stringify(templatePolicy.parse(before.policy)) === JSON.stringify(policy);
    if (isSame && before.position === position) return;
    const number = isSame ? version : version + 1;
    if (!isSame) await insertVersion(sql, actor, id, { number, name, description, policy });
    await sql.query("UPDATE policy_template SET version = $2, position = $3, updated_at = now() WHERE id = $1", [
      id,
      number,
      position,
    ]);
    await record(sql, actor, "template.change", id, { name, version: number, position, reason });
  });
  return getTemplate({ id });
}

type Locked = { status: string; version: number; position: number };

/**
 * The template under its row lock, with its newest version. That is read once the lock is held: read together, it would
 * be of before the wait, and not fit to what somebody saved meanwhile.
 */
async function lock(sql: Sql, id: string): Promise<Locked & Version> {
  const [template] = await sql.query<Locked>(
    "SELECT status, version, position FROM policy_template WHERE id = $1 FOR UPDATE",
    [id],
  );
  if (!template) throw new DomainError("NOT_FOUND");
  const [newest] = await sql.query<Version>(
    "SELECT number, name, description, policy FROM policy_template_version WHERE template_id = $1 AND number = $2",
    [id, template.version],
  );
  if (!newest) throw new Error(`Version ${template.version} of ${id} is not there.`);
  return { ...template, ...newest };
}

type Decision = { id: string; reason: string };

/** Offers it, as its newest version says it. */
export const publishTemplate = (actor: Actor, input: Decision) =>
  decide(actor, input, { status: "published", action: "template.publish" });

/** Offers it no longer. Agents that were made from it stay as they are. */
export const retireTemplate = (actor: Actor, input: Decision) =>
  decide(actor, input, { status: "retired", action: "template.retire" });

async function decide(
  actor: Actor,
  { id, reason }: Decision,
  { status, action }: { status: AdminTemplateView["status"]; action: string },
): Promise<AdminTemplateDetail> {
  await withTransaction(async (sql) => {
    const { status: before, name, version } = await lock(sql, id);
    if (before === status) return;
    await sql.query("UPDATE policy_template SET status = $2, updated_at = now() WHERE id = $1", [id, status]);
    await record(sql, actor, action, id, { name, version, reason });
  });
  return getTemplate({ id });
}

const record = (sql: Sql, { userId }: Actor, action: string, subject: string, details: Record<string, unknown>) =>
  recordAdminAction(sql, { userId, action, subject, details });
