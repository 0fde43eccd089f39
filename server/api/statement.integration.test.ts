import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "#core/ids.ts";
import { ALL_SCOPES } from "#core/scopes.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { createApiKey } from "#server/identity/api-keys.ts";
import { createUser } from "#server/identity/users.ts";
import { agentAccount, EXTERNAL_ACCOUNT, REVENUE_ACCOUNT, userAccount } from "#server/ledger/account-codes.ts";
import { ensureAccounts, ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { freshKey } from "#server/ledger/testing/accounts.ts";
import { handleRest } from "./rest.ts";
import { handleStatementExport, type StatementFormat } from "./statement-door.ts";

type Owner = { userId: string; agentId: string; token: string; agentToken: string };

const move = (debit: string, credit: string, amount: bigint, memo?: string) =>
  postTransfers([
    {
      key: freshKey(),
      debit,
      credit,
      amount,
      asset: "USD",
      kind: "payment",
      refId: "pay_1",
      ...(memo ? { memo } : {}),
    },
  ]);

/** A person with an agent, money of each, and a key of each. */
async function createOwner(): Promise<Owner> {
  const userId = await db.$transaction((tx) => createUser(tx, { name: "Statement" }));
  const agentId = newId("agent");
  const word = `0x${agentId.slice(4).padEnd(64, "0")}`;
  await db.agent.create({
    data: { id: agentId, userId, name: "Buyer", account: word, key: word, owner: "0x", policy: {}, status: "active" },
  });
  const [user, agent] = [userAccount(userId), agentAccount(agentId)];
  await ensurePlatformAccounts();
  await ensureAccounts(sqlOf(pool), [
    { code: user, asset: "USD" },
    { code: agent, asset: "USD" },
  ]);
  await move(EXTERNAL_ACCOUNT, user, 5_000_000n);
  await move(EXTERNAL_ACCOUNT, agent, 7_000_000n);
  await move(user, REVENUE_ACCOUNT, 1n, '=HYPERLINK("http://evil.example")');
  const actor: Actor = { userId, roles: ["user"], via: "session", scopes: ALL_SCOPES };
  const { token } = await createApiKey(actor, { name: "own", scopes: ["balance:read"] });
  const { token: agentToken } = await createApiKey(actor, { name: "agent", scopes: ["balance:read"], agentId });
  return { userId, agentId, token, agentToken };
}

let owner: Owner;
let stranger: Owner;
beforeAll(async () => {
  [owner, stranger] = [await createOwner(), await createOwner()];
});
afterAll(() => Promise.all([pool.end(), db.$disconnect()]));

const ask = (bearer: string | null, format: StatementFormat, query = "") =>
  handleStatementExport(
    new Request(`http://localhost/api/v1/balance/statement.${format}${query}`, {
      headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` },
    }),
    format,
  );
const refusal = async (reply: Promise<Response>) => {
  const response = await reply;
  return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
};

describe("a statement as a file", () => {
  it("is CSV with a header, exact amounts twice, and no cell that a spreadsheet would run", async () => {
    const reply = await ask(owner.token, "csv");
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toContain("text/csv");
    expect(reply.headers.get("content-disposition")).toBe('attachment; filename="converge-statement-user.csv"');
    const [header, spent, received, end] = (await reply.text()).split("\r\n");
    expect(header).toBe(
      "id,time,kind,flow,counterparty,asset,amount_units,amount,balance_units,balance,reference,memo",
    );
    expect(spent).toMatch(
      /^txf_\d+,\d{4}-\d\d-\d\dT[\d:.]+Z,payment,out,platform:revenue,USD,-1,-0\.000001,4999999,4\.999999,pay_1,"'=HYPERLINK\(""http:\/\/evil\.example""\)"$/,
    );
    expect(received).toMatch(/,payment,in,platform:external,USD,5000000,5\.00,5000000,5\.00,pay_1,$/);
    expect(end).toBe("");
  });

  it("is JSON with what was asked for and the same entries as the pages", async () => {
    const reply = await ask(owner.token, "json", "?flow=out&from=2026-01-01T00:00:00Z");
    expect(reply.headers.get("content-disposition")).toBe(
      'attachment; filename="converge-statement-user-2026-01-01.json"',
    );
    const file = (await reply.json()) as { account: string; filter: object; data: object[] };
    expect(file).toMatchObject({ account: userAccount(owner.userId), filter: { flow: "out" } });
    const page = await handleRest(
      new Request("http://localhost/api/v1/balance/statement?flow=out", {
        headers: { authorization: `Bearer ${owner.token}` },
      }),
    );
    expect(file.data).toEqual(((await page.json()) as { data: object[] }).data);
    expect(file.data).toHaveLength(1);
  });

  it("of nothing is a header, and a list without entries", async () => {
    expect((await (await ask(owner.token, "csv", "?text=nowhere")).text()).split("\r\n")).toHaveLength(2);
    expect(await (await ask(owner.token, "json", "?text=nowhere")).json()).toMatchObject({ data: [] });
  });

  it("is read no further than its reader goes", async () => {
    const reply = await ask(owner.token, "csv");
    const reader = reply.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    await reader?.cancel();
    expect((await reader?.read())?.done).toBe(true);
  });

  it("of an agent is its owner's and the agent's own, and to anybody else like one that is not there", async () => {
    const agent = `?agentId=${owner.agentId}`;
    const lines = async (reply: Promise<Response>) => (await (await reply).text()).split("\r\n").slice(1, -1);
    const entries = await lines(ask(owner.token, "csv", agent));
    expect(entries).toHaveLength(1);
    expect(entries[0]).toContain(",7000000,7.00,");
    // An agent's key sees the agent's, named or not.
    expect(await lines(ask(owner.agentToken, "csv", agent))).toEqual(entries);
    expect(await lines(ask(owner.agentToken, "csv"))).toEqual(entries);
    const missing = `?agentId=${newId("agent")}`;
    for (const query of [agent, missing])
      for (const bearer of [stranger.token, stranger.agentToken])
        expect(await refusal(ask(bearer, "csv", query))).toEqual([404, "NOT_FOUND"]);
  });

  it("asks who is asking, and takes no field that it does not know", async () => {
    expect(await refusal(ask(null, "csv"))).toEqual([401, "UNAUTHENTICATED"]);
    const actor: Actor = { userId: owner.userId, roles: ["user"], via: "session", scopes: ALL_SCOPES };
    const { token } = await createApiKey(actor, { name: "other", scopes: ["agents:read"] });
    expect(await refusal(ask(token, "json"))).toEqual([403, "SCOPE_MISSING"]);
    for (const query of ["?userId=usr_1", "?kinds=a,,b", "?from=yesterday", "?amountMin=-1", "?flow=up"])
      expect(await refusal(ask(owner.token, "csv", query)), query).toEqual([400, "VALIDATION_FAILED"]);
  });
});
