import { DomainError } from "#core/errors.ts";
import type { AgentView } from "#core/schemas/agent.ts";
import { type PolicyTemplateView, templatePolicy } from "#core/schemas/policy-template.ts";
import type { PolicyTemplate, PolicyTemplateVersion } from "#generated/prisma/client.ts";
import { db } from "#server/db.ts";

/** More are neither offered nor shown. */
export const TEMPLATES_MAX = 100;

export type TemplateRow = PolicyTemplate & { versions: PolicyTemplateVersion[] };

/** A template as its newest version says it. */
export function viewTemplate({ id, version, position, versions }: TemplateRow): PolicyTemplateView {
  const newest = versions.find(({ number }) => number === version);
  if (!newest) throw new Error(`Version ${version} of ${id} is not there.`);
  const { name, description } = newest;
  return { id, name, description, version, position, policy: templatePolicy.parse(newest.policy) };
}

/** What a new agent's policy may begin with, in the order in which it is offered. */
export async function listPolicyTemplates(): Promise<{ data: PolicyTemplateView[] }> {
  const rows = await db.policyTemplate.findMany({
    where: { status: "published" },
    orderBy: [{ position: "asc" }, { id: "asc" }],
    take: TEMPLATES_MAX,
    include: { versions: { orderBy: { number: "desc" }, take: 1 } },
  });
  return { data: rows.map(viewTemplate) };
}

export type MadeFrom = { id: string; version: number };

/** Refuses what was never offered. What was changed or retired since is still what the agent was made from. */
export async function assertOffered({ id, version }: MadeFrom): Promise<void> {
  const template = await db.policyTemplate.findUnique({ where: { id }, select: { status: true, version: true } });
  if (!template || template.status === "draft" || version > template.version)
    throw new DomainError("VALIDATION_FAILED", {
      param: "template",
      message: "template: There is no such version of a published template.",
    });
}

/** What an agent was made from, by the name that it had then. */
export async function viewMadeFrom(agent: {
  templateId: string | null;
  templateVersion: number | null;
}): Promise<AgentView["template"]> {
  const { templateId: id, templateVersion: version } = agent;
  if (id === null || version === null) return null;
  const where = { templateId_number: { templateId: id, number: version } };
  const { name } = await db.policyTemplateVersion.findUniqueOrThrow({ where, select: { name: true } });
  return { id, version, name };
}
