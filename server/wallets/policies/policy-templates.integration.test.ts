import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CreateTemplateInput, TemplatePolicy } from "#core/schemas/policy-template.ts";
import { appRouter } from "#server/api/root.ts";
import { createCallerFactory } from "#server/api/trpc.ts";
import { db, pool } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { listAllAgents } from "../agent-admin.ts";
import { createAgent } from "../create-agent.ts";
import { getAgent } from "../get-agents.ts";
import { createPerson, type Person } from "../testing/wallet-world.ts";
import {
  changeTemplate,
  createTemplate,
  getTemplate,
  listAllTemplates,
  publishTemplate,
  retireTemplate,
} from "./policy-template-admin.ts";
import { listPolicyTemplates } from "./policy-templates.ts";

const SEED = "prisma/migrations/20261125221800_policy_template_seed/migration.sql";
const reason = "asked for by many";
const policy: TemplatePolicy = {
  perTransactionCap: "1000000",
  windowCap: "2000000",
  windowSeconds: 3_600,
  validDays: 14,
  rules: [{ kind: "deposit" }],
};
const written: CreateTemplateInput = { name: "Researcher", description: "Buys answers.", policy };
let admin: Actor;
let owner: Person;

beforeAll(async () => {
  admin = { ...(await createPerson()).actor, roles: ["user", "admin"] };
  owner = await createPerson();
});
beforeEach(async () => {
  await db.agent.updateMany({ data: { templateId: null, templateVersion: null } });
  await db.policyTemplateVersion.deleteMany({ where: { createdBy: { not: null } } });
  await db.policyTemplate.deleteMany({ where: { versions: { none: {} } } });
  await pool.query("UPDATE policy_template SET status = 'published', version = 1");
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

const offered = async () => (await listPolicyTemplates()).data.map(({ name, version }) => [name, version]);
const SEEDED = [
  ["Payer", 1],
  ["Trader", 1],
  ["Treasurer", 1],
];
const actionsOf = async (id: string) =>
  (await db.adminAction.findMany({ where: { subject: id }, orderBy: { id: "asc" } })).map(({ action, details }) => [
    action,
    details,
  ]);
const makeFrom = (template?: { id: string; version: number }) =>
  createAgent(owner.actor, {
    name: "Made",
    policy: {
      perTransactionCap: "1000000",
      windowCap: "2000000",
      windowSeconds: 3_600,
      validUntil: new Date(Date.now() + 86_400_000).toISOString(),
      rules: [{ kind: "deposit" }],
    },
    template,
  });

describe("the templates that come with the platform", () => {
  it("are offered from the first start on, in their order", async () => {
    expect(await offered()).toEqual(SEEDED);
    const { data } = await listAllTemplates();
    expect(data[0]).toMatchObject({ id: "tpl_payer", status: "published", agents: 0, writtenBy: null });
  });

  it("do not come back or change when they are brought again", async () => {
    await retireTemplate(admin, { id: "tpl_payer", reason });
    const trader = await getTemplate({ id: "tpl_trader" });
    await changeTemplate(admin, { ...written, id: trader.id, version: 1, position: trader.position, reason });
    await pool.query(await readFile(SEED, "utf8"));
    expect(await offered()).toEqual([
      ["Researcher", 2],
      ["Treasurer", 1],
    ]);
  });
});

describe("a template", () => {
  it("is a draft that nobody is offered until it is published, and not any more once it is retired", async () => {
    const draft = await createTemplate(admin, written);
    expect(draft).toMatchObject({ status: "draft", version: 1, position: 40, policy });
    expect(await offered()).toEqual(SEEDED);
    expect((await publishTemplate(admin, { id: draft.id, reason })).status).toBe("published");
    expect(await offered()).toEqual([...SEEDED, ["Researcher", 1]]);
    // Said again it is nothing new, and is not written down again.
    await publishTemplate(admin, { id: draft.id, reason });
    await retireTemplate(admin, { id: draft.id, reason });
    expect(await offered()).toEqual(SEEDED);
    expect(await actionsOf(draft.id)).toEqual([
      ["template.create", { name: "Researcher" }],
      ["template.publish", { name: "Researcher", version: 1, reason }],
      ["template.retire", { name: "Researcher", version: 1, reason }],
    ]);
  });

  it("is changed as a new version, with the old ones kept, and moved without one", async () => {
    const { id } = await createTemplate(admin, written);
    await publishTemplate(admin, { id, reason });
    const wider = { ...policy, windowCap: "3000000" };
    const changed = await changeTemplate(admin, { ...written, policy: wider, id, version: 1, position: 5, reason });
    expect(changed).toMatchObject({ version: 2, position: 5, policy: wider });
    expect(changed.versions.map(({ number, policy: was }) => [number, was.windowCap])).toEqual([
      [2, "3000000"],
      [1, "2000000"],
    ]);
    expect(changed.versions[0]?.writtenBy).not.toBeNull();
    expect(await offered()).toEqual([["Researcher", 2], ...SEEDED]);
    const moved = await changeTemplate(admin, { ...written, policy: wider, id, version: 2, position: 25, reason });
    expect(moved).toMatchObject({ version: 2, position: 25 });
    const before = await actionsOf(id);
    await changeTemplate(admin, { ...written, policy: wider, id, version: 2, position: 25, reason });
    expect(await actionsOf(id)).toEqual(before);
  });

  it("is not changed by somebody who looked at an older version, not even at the same moment", async () => {
    const { id } = await createTemplate(admin, written);
    const change = (windowCap: string) =>
      changeTemplate(admin, { ...written, policy: { ...policy, windowCap }, id, version: 1, position: 40, reason });
    const results = await Promise.allSettled([change("3000000"), change("4000000"), change("5000000")]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    // Those that waited for the first are told why, and not that there is nothing.
    const refused = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(refused.map(({ code }) => code)).toEqual(["CONFLICT", "CONFLICT"]);
    await expect(change("6000000")).rejects.toMatchObject({ code: "CONFLICT", details: { version: 2 } });
    expect((await getTemplate({ id })).versions).toHaveLength(2);
  });

  it("is retired while somebody saves another version of it", async () => {
    for (const n of [1, 2, 3, 4, 5]) {
      const { id } = await createTemplate(admin, { ...written, name: `Busy ${n}` });
      await publishTemplate(admin, { id, reason });
      const wider = { ...policy, windowCap: "3000000" };
      await Promise.all([
        changeTemplate(admin, { ...written, policy: wider, id, version: 1, position: 40, reason }),
        retireTemplate(admin, { id, reason }),
      ]);
      expect(await getTemplate({ id })).toMatchObject({ status: "retired", version: 2 });
    }
  });

  it("that is not there is not found", async () => {
    const id = "tpl_01hzy3k4m5n6p7q8r9s0t1v2w3";
    await expect(getTemplate({ id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(publishTemplate(admin, { id, reason })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("an agent", () => {
  it("remembers what it was made from, and stays as it is whatever becomes of that", async () => {
    const { id } = await createTemplate(admin, written);
    await publishTemplate(admin, { id, reason });
    const { agent } = await makeFrom({ id, version: 1 });
    expect(agent.template).toEqual({ id, version: 1, name: "Researcher" });
    const policyBefore = (await getAgent(owner.actor, { id: agent.id })).policy;
    await changeTemplate(admin, { ...written, name: "Other", id, version: 1, position: 40, reason });
    await retireTemplate(admin, { id, reason });
    const after = await getAgent(owner.actor, { id: agent.id });
    expect(after.template).toEqual({ id, version: 1, name: "Researcher" });
    expect(after.policy).toEqual(policyBefore);
    expect((await getTemplate({ id })).agents).toBe(1);
    const { data } = await listAllAgents({ limit: 50, only: "all" });
    expect(data.find((one) => one.id === agent.id)?.template).toEqual(agent.template);
    // Somebody who chose it just before.
    expect((await makeFrom({ id, version: 1 })).agent.template?.version).toBe(1);
  });

  it("is not made from what was never offered", async () => {
    const { id } = await createTemplate(admin, written);
    const refusal = { code: "VALIDATION_FAILED", details: { param: "template" } };
    await expect(makeFrom({ id, version: 1 })).rejects.toMatchObject(refusal);
    await publishTemplate(admin, { id, reason });
    await expect(makeFrom({ id, version: 2 })).rejects.toMatchObject(refusal);
    await expect(makeFrom({ id: "tpl_nowhere", version: 1 })).rejects.toMatchObject(refusal);
  });

  it("is made without any template too", async () => {
    await pool.query("UPDATE policy_template SET status = 'retired'");
    expect(await offered()).toEqual([]);
    expect((await makeFrom()).agent.template).toBeNull();
  });
});

describe("through the door", () => {
  const callerOf = (actor: Actor | null) =>
    createCallerFactory(appRouter)({ actor, requestId: "req_templates", idempotencyKey: null });

  it("everybody who is signed in reads what is offered, and only admins write it", async () => {
    const { data } = await callerOf(owner.actor).agent.listPolicyTemplates();
    expect(data.map(({ id }) => id)).toEqual(["tpl_payer", "tpl_trader", "tpl_treasurer"]);
    await expect(callerOf(null).agent.listPolicyTemplates()).rejects.toThrow();
    await expect(callerOf(owner.actor).templateAdmin.create(written)).rejects.toMatchObject({
      cause: { code: "FORBIDDEN" },
    });
    await expect(callerOf(owner.actor).templateAdmin.retire({ id: "tpl_payer", reason })).rejects.toMatchObject({
      cause: { code: "FORBIDDEN" },
    });
    expect((await callerOf(admin).templateAdmin.create(written)).status).toBe("draft");
  });

  it("a policy that is none is refused with the field that is wrong", async () => {
    const create = (change: object) =>
      callerOf(admin).templateAdmin.create({ ...written, policy: { ...policy, ...change } } as never);
    const isAbout = (field: string) => ({ message: expect.stringContaining(field) });
    await expect(create({ perTransactionCap: "9000000" })).rejects.toMatchObject(isAbout("perTransactionCap"));
    const pay = { kind: "pay", recipient: `0x${"11".repeat(20)}` };
    await expect(create({ rules: [pay] })).rejects.toMatchObject(isAbout("A template names nobody"));
    await expect(create({ validUntil: new Date().toISOString() })).rejects.toMatchObject(isAbout("validUntil"));
    expect((await listAllTemplates()).data).toHaveLength(3);
  });
});
