import type { Page } from "@playwright/test";
import { expect, expectAccessible, signInAs, test } from "./fixtures.ts";

type Proof = { leaf: { balance: string }; proof: { siblings: { sum: string }[] } };

/** The demo user's proof, as its owner gets it; the first root may still be on its way. */
async function ownProof(page: Page): Promise<Proof> {
  await signInAs(page, "user");
  let proof: Proof | null = null;
  await expect
    .poll(
      async () => {
        const response = await page.request.get("/api/v1/balance/proof");
        proof = response.ok() ? await response.json() : null;
        return response.status();
      },
      { timeout: 90_000 },
    )
    .toBe(200);
  if (!proof) throw new Error("There is no proof.");
  return proof;
}

const paste = (page: Page, proof: unknown) => page.getByLabel("Proof", { exact: true }).fill(JSON.stringify(proof));
const card = (page: Page) => page.getByRole("region", { name: "What was checked" });

test.describe("a stranger verifies a balance", () => {
  test.setTimeout(120_000);

  test("without an account, from the proof and the chain", async ({ page, browser, baseURL }) => {
    const proof = await ownProof(page);
    const stranger = await browser.newContext({ ...(baseURL ? { baseURL } : {}) });
    const visit = await stranger.newPage();
    expect((await visit.request.get("/api/v1/balance/proof")).status()).toBe(401);
    await visit.goto("/verify/balance");
    await expect(visit.getByRole("button", { name: "Use mine" })).toHaveCount(0);
    await paste(visit, proof);
    await expect(visit.getByText("7 of 7 hold")).toBeVisible();
    await expect(card(visit).getByText("Holds", { exact: true })).toHaveCount(7);
    await expectAccessible(visit);
    await stranger.close();
  });

  test("and sees which check fails when a number was changed", async ({ page }) => {
    const proof = await ownProof(page);
    await page.goto("/verify/balance");
    await paste(page, { ...proof, leaf: { ...proof.leaf, balance: (BigInt(proof.leaf.balance) + 1n).toString() } });
    const bad = card(page).getByRole("listitem").filter({ hasText: "Does not hold" });
    await expect(page.getByText("2 checks fail")).toBeVisible();
    await expect(bad).toHaveText([/The sum of all is what was anchored/, /The root is at the Vault/]);

    await paste(page, { ...proof, accountCode: "user:usr_somebodyelse" });
    await expect(page.getByText("1 check fails")).toBeVisible();
    await expect(bad).toHaveText([/The reference is this account's/]);

    await page.getByLabel("Proof", { exact: true }).fill("{ half a proof");
    await expect(page.getByText(/This is not JSON/)).toBeVisible();
    await paste(page, { version: "another" });
    await expect(page.getByText(/This is not a proof of ours/)).toBeVisible();
  });

  test("takes a node's own answer in place of ours", async ({ page }) => {
    const proof = await ownProof(page);
    await page.goto("/verify/balance");
    await paste(page, proof);
    await expect(page.getByText("7 of 7 hold")).toBeVisible();
    const word = (value: bigint) => value.toString(16).padStart(64, "0");
    await page.getByLabel("Its first answer").fill(`{"jsonrpc":"2.0","id":1,"result":"0x${word(1n).repeat(5)}"}`);
    await expect(page.getByText("3 checks fail").or(page.getByText("2 checks fail"))).toBeVisible();
  });

  test("whoever is signed in uses theirs with one click, and takes it along", async ({ page }) => {
    await ownProof(page);
    await page.goto("/balance");
    await page.getByRole("link", { name: "Verify it yourself" }).click();
    await page.getByRole("button", { name: "Use mine" }).click();
    await expect(page.getByText("7 of 7 hold")).toBeVisible();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download mine" }).click();
    expect((await download).suggestedFilename()).toMatch(/^balance-proof-\d+\.json$/);
  });
});

test("the chain's door answers three questions about two contracts", async ({ page }) => {
  const { vault } = await (await page.request.get("/api/v1/solvency")).json();
  const ask = async (body: object) =>
    (await page.request.post("/api/v1/chain", { data: { jsonrpc: "2.0", id: 1, ...body } })).json();
  const call = (to: string) => ask({ method: "eth_call", params: [{ to, data: "0x" }, "latest"] });
  expect((await ask({ method: "eth_chainId", params: [] })).result).toMatch(/^0x/);
  expect((await ask({ method: "eth_getBlockByNumber", params: ["latest", false] })).result.hash).toMatch(/^0x/);
  expect((await call(vault)).error.code).toBe(-32000);
  expect((await call("0x0000000000000000000000000000000000000001")).error.code).toBe(-32602);
  for (const method of ["eth_sendRawTransaction", "eth_getLogs", "anvil_setBalance", "eth_accounts"])
    expect((await ask({ method, params: [] })).error.code).toBe("VALIDATION_FAILED");
});
