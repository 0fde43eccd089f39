import { expect, test } from "@playwright/test";
import { available, earn } from "./earn.ts";
import { expectRefused, json, type Reply } from "./hostile-client.ts";
import { newPerson, type Person } from "./people.ts";

const TIMES = 100;

/** Sends the same change under one key, all at once; answers the ones that were carried out or answered as such. */
async function inParallel(times: number, send: () => Promise<Reply>): Promise<Reply[]> {
  const replies = await Promise.all(Array.from({ length: times }, send));
  for (const reply of replies)
    if (reply.status !== 200) expect(expectRefused(reply, "a repeat").code, reply.text).toBe("IDEMPOTENCY_IN_PROGRESS");
  return replies.filter(({ status }) => status === 200);
}

const idsOf = (replies: Reply[]): string[] => [...new Set(replies.map(({ text }) => JSON.parse(text).id as string))];
const listOf = async (person: Person, path: string) => (await person.read<{ data: { id: string }[] }>(path)).data;

test("a hundred copies of one change have one effect, and another body under its key none", async () => {
  const person = await newPerson();
  await earn(person);
  const before = await available(person);
  const to = person.wallet.address;
  const changes: { path: string; body: object; other: object; cost: bigint }[] = [
    { path: "/withdrawals", body: { to, units: "1000" }, other: { to, units: "1001" }, cost: 1000n },
    { path: "/rewards/cash-outs", body: { units: "2000" }, other: { units: "2001" }, cost: 2000n },
    {
      path: "/api-keys",
      body: { name: "one", scopes: ["balance:read"] },
      other: { name: "two", scopes: ["balance:read"] },
      cost: 0n,
    },
  ];
  let spent = 0n;
  for (const { path, body, other, cost } of changes) {
    const headers = { "idempotency-key": `once-${path}` };
    const done = await inParallel(TIMES, () => person.post(path, body, headers));
    expect(idsOf(done), path).toHaveLength(1);
    expect(await listOf(person, path), path).toHaveLength(1);
    // Later repeats get the first answer, word for word.
    expect((await person.post(path, body, headers)).text).toBe(done[0]?.text);
    expect(expectRefused(await person.post(path, other, headers), path).code).toBe("IDEMPOTENCY_KEY_REUSED");
    spent += cost;
    expect(before - (await available(person)), path).toBe(spent);
  }
  for (const key of ["", " ", "a b", "x".repeat(256), "ü"])
    expect(
      expectRefused(await person.post("/api-keys", {}, { "idempotency-key": Buffer.from(key).toString("latin1") }), key)
        .code,
    ).toBe("IDEMPOTENCY_KEY_INVALID");
  // A key is its person's own.
  const stranger = await newPerson();
  expect(
    (
      await stranger.post(
        "/api-keys",
        { name: "two", scopes: ["balance:read"] },
        { "idempotency-key": "once-/api-keys" },
      )
    ).status,
  ).toBe(200);
});

test("a key holds at the browser's door too", async () => {
  const person = await newPerson();
  await earn(person);
  const before = await available(person);
  const send = (units: string) => {
    const sent = json({ to: person.wallet.address, units });
    const headers = { ...sent.headers, "idempotency-key": "browser" };
    return person.send({ method: "POST", path: "/api/trpc/account.requestWithdrawal", ...sent, headers });
  };
  await inParallel(20, () => send("1000"));
  expect(await listOf(person, "/withdrawals")).toHaveLength(1);
  expect(expectRefused(await send("999"), "another body").code).toBe("IDEMPOTENCY_KEY_REUSED");
  expect(before - (await available(person))).toBe(1000n);
});

test("parallel spending never goes below zero", async () => {
  const person = await newPerson();
  await earn(person);
  const balance = await available(person);
  const units = balance / 5n + 1n;
  const replies = await Promise.all(
    Array.from({ length: 20 }, () =>
      person.post("/withdrawals", { to: person.wallet.address, units: units.toString() }),
    ),
  );
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(4);
  for (const reply of replies.filter(({ status }) => status !== 200))
    expect(expectRefused(reply, "overdraft").code).toBe("INSUFFICIENT_FUNDS");
  expect(await available(person)).toBe(balance - 4n * units);
});

test("an agent confirmed and told to pay many times at once is granted once and pays once", async () => {
  const person = await newPerson();
  await earn(person);
  const recipient = person.wallet.address;
  const policy = {
    perTransactionCap: "5000",
    windowCap: "20000",
    windowSeconds: 3_600,
    validUntil: new Date(Date.now() + 86_400_000).toISOString(),
    rules: [{ kind: "pay", recipient }],
  };
  const made = await person.post("/agents", { name: "Payer", policy });
  expect(made.status, made.text).toBe(200);
  const { agent, operation } = JSON.parse(made.text);
  const path = `/agents/${agent.id}`;
  const early = await person.post(`${path}/payments`, { recipient, units: "1" });
  expect(expectRefused(early, "before its owner agreed").code).toBe("AGENT_NOT_READY");
  const forged = await person.post(`${path}/confirm`, {
    signature: { kind: "wallet", signature: `0x${"11".repeat(65)}` },
  });
  expectRefused(forged, "a forged signature");
  const signature = { kind: "wallet", signature: await person.wallet.sign({ hash: operation.hash }) };
  const confirmed = await Promise.all(Array.from({ length: 10 }, () => person.post(`${path}/confirm`, { signature })));
  expect(confirmed.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
  for (const reply of confirmed.filter(({ status }) => status !== 200)) expectRefused(reply, "a second confirmation");
  const agentNow = () => person.read<{ status: string; accountBalance: { units: string } }>(path);
  await expect.poll(async () => (await agentNow()).status, { timeout: 40_000 }).toBe("active");
  const funded = await person.post(`${path}/fund`, { units: "30000" }, { "idempotency-key": "fund" });
  expect(funded.status, funded.text).toBe(200);
  await expect.poll(async () => (await agentNow()).accountBalance.units, { timeout: 40_000 }).toBe("30000");

  const headers = { "idempotency-key": "pay" };
  const paid = await inParallel(TIMES / 2, () =>
    person.post(`${path}/payments`, { recipient, units: "1000" }, headers),
  );
  expect(idsOf(paid)).toHaveLength(1);
  expect(await listOf(person, `${path}/payments`)).toHaveLength(1);
  const other = await person.post(`${path}/payments`, { recipient, units: "1001" }, headers);
  expect(expectRefused(other, "another payment").code).toBe("IDEMPOTENCY_KEY_REUSED");
  // Many different payments at once stay inside what the window allows: 19,000 are left of it.
  const many = await Promise.all(
    Array.from({ length: 8 }, () => person.post(`${path}/payments`, { recipient, units: "5000" })),
  );
  expect(many.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(3);
  for (const reply of many.filter(({ status }) => status !== 200)) expectRefused(reply, "over the window");
  await expect
    .poll(
      async () => {
        const activities = await person.read<{ data: { status: string }[] }>(`${path}/payments`);
        return activities.data.filter(({ status }) => status === "submitted").length;
      },
      { timeout: 40_000 },
    )
    .toBe(0);
  const succeeded = (
    await person.read<{ data: { status: string; amount: { units: string } }[] }>(`${path}/payments`)
  ).data.filter(({ status }) => status === "succeeded");
  const total = succeeded.reduce((sum, { amount }) => sum + BigInt(amount.units), 0n);
  expect(total).toBeLessThanOrEqual(20_000n);
  expect((await agentNow()).accountBalance.units).toBe((30_000n - total).toString());
});
