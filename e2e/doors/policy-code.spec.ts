import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { BASE_URL } from "./hostile-client.ts";
import { newPerson, type Person } from "./people.ts";

const SHOP = "0x00000000000000000000000000000000000000B2";

/** An agent whose owner, a wallet, signed for it. */
async function makeAgent(person: Person): Promise<string> {
  const made = await person.post("/agents", {
    name: "Kept as code",
    policy: {
      perTransactionCap: "2000000",
      windowCap: "10000000",
      windowSeconds: 86_400,
      validUntil: new Date(Date.now() + 86_400_000).toISOString(),
      rules: [{ kind: "pay", recipient: SHOP }],
    },
  });
  expect(made.status, made.text).toBe(200);
  const { agent, operation } = JSON.parse(made.text);
  const signature = { kind: "wallet", signature: await person.wallet.sign({ hash: operation.hash }) };
  const confirmed = await person.post(`/agents/${agent.id}/confirm`, { signature });
  expect(confirmed.status, confirmed.text).toBe(200);
  await expect.poll(async () => (await person.read(`/agents/${agent.id}`)).status, { timeout: 30_000 }).toBe("active");
  return agent.id;
}

const program = (key: string, ...args: string[]): Promise<{ code: number; text: string }> =>
  new Promise((done) => {
    const env = { ...process.env, CONVERGE_KEY: key, CONVERGE_URL: BASE_URL.origin };
    execFile(process.execPath, ["scripts/policy.ts", ...args], { env }, (error, stdout, stderr) =>
      done({ code: typeof error?.code === "number" ? error.code : 0, text: stdout + stderr }),
    );
  });

test("a policy is kept as a file: shown, planned, applied, and planned again to no difference", async () => {
  const person = await newPerson();
  const agent = await makeAgent(person);
  const { token } = JSON.parse(
    (await person.post("/api-keys", { name: "code", scopes: ["agents:read", "agents:write"] })).text,
  );
  const folder = await mkdtemp(join(tmpdir(), "policy-code-"));
  try {
    const file = join(folder, "shop.policy.ts");
    expect((await program(token, "show", "--agent", agent, "--to", file)).code).toBe(0);
    expect(await program(token, "plan", file, "--agent", agent, "--check")).toMatchObject({
      code: 0,
      text: expect.stringContaining("Nothing differs from the policy of now.\n"),
    });

    const written = await readFile(file, "utf8");
    await writeFile(file, written.replace('"windowCap": "10000000"', '"windowCap": "9000000"'));
    const planned = await program(token, "plan", file, "--agent", agent, "--check");
    expect(planned.code).toBe(1);
    expect(planned.text).toContain("Narrower");
    const applied = await program(token, "apply", file, "--agent", agent, "--yes");
    expect(applied.text).toContain("Version 2");
    expect((await program(token, "plan", file, "--agent", agent, "--check")).code).toBe(0);

    await writeFile(file, written.replace('"windowCap"', '"window"'));
    const malformed = await program(token, "plan", file, "--agent", agent);
    expect(malformed).toMatchObject({ code: 2, text: expect.stringContaining("windowCap") });
    expect(await program("cvg_live_nobody", "show", "--agent", agent)).toMatchObject({
      code: 2,
      text: expect.stringContaining("API_KEY_INVALID"),
    });
    expect((await program(token, "plan")).text).toContain("Usage");
  } finally {
    await rm(folder, { recursive: true });
  }
});
