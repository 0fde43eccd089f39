import { addAuthenticator, expect, signInAs, test } from "./fixtures.ts";

test("a visitor signs in to a demo account with one click and signs out again", async ({ page }) => {
  await page.goto("/sign-in?next=/balance");
  await page.getByRole("button", { name: /User/ }).click();
  await expect(page).toHaveURL(/\/balance/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("a new person makes a passkey and is signed in with it", async ({ page }) => {
  await addAuthenticator(page);
  await page.goto("/sign-in?next=/settings");
  await page.getByRole("button", { name: /create a passkey/i }).click();
  await expect(page).toHaveURL(/\/settings/, { timeout: 30_000 });
});

test("somebody signed out is sent to sign in and comes back to where they wanted to go", async ({ page }) => {
  await page.goto("/agents");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await page.getByRole("button", { name: /User/ }).click();
  await expect(page).toHaveURL(/\/agents/);
});

test("somebody who is no admin does not see the back office", async ({ page }) => {
  await signInAs(page, "user");
  const response = await page.goto("/admin");
  expect(response?.status()).toBe(404);
});

test("an admin sees a ledger whose debits equal its credits", async ({ page }) => {
  await signInAs(page, "admin");
  await page.goto("/admin");
  await expect(page.getByText(/debits (and|equal) credits/i).first()).toBeVisible();
});

test("an API key is shown once, works, and is dead when revoked", async ({ page }) => {
  await signInAs(page, "user");
  const origin = new URL(page.url() === "about:blank" ? (test.info().project.use.baseURL ?? "") : page.url()).origin;
  const created = await page.request.post("/api/v1/api-keys", {
    headers: { origin },
    data: { name: "Browser test", scopes: ["balance:read"] },
  });
  const { id, token } = await created.json();
  const withKey = () => page.request.get("/api/v1/balance", { headers: { authorization: `Bearer ${token}` } });
  expect((await withKey()).status()).toBe(200);

  await page.goto("/developers");
  await expect(page.getByText("Browser test").first()).toBeVisible();
  await expect(page.getByText(token)).toHaveCount(0);

  await page.request.delete(`/api/v1/api-keys/${id}`, { headers: { origin } });
  expect((await withKey()).status()).toBe(401);
});
