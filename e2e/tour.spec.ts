import { expect, type Page, test } from "@playwright/test";
import { JOURNEY } from "../core/journey/journey.ts";
import { addAuthenticator, expectAccessible } from "./fixtures.ts";

const stepButton = (page: Page, name: string) => page.locator(`[data-step="${name}"]`);

/** The hydrated page: before it, a press would reach nobody. */
async function openTour(page: Page): Promise<void> {
  await page.goto("/tour");
  await expect(page.getByRole("button", { name: "Start" })).toBeEnabled();
  await page.waitForFunction(() => {
    const button = document.querySelector("[data-step]");
    return button !== null && Object.keys(button).some((key) => key.startsWith("__react"));
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`the tour begins without an accessibility violation, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await openTour(page);
    await expectAccessible(page);
  });
}

test("a visitor walks all steps, sees them done, and finds them again after a reload", async ({ page }) => {
  test.setTimeout(240_000);
  await page.emulateMedia({ reducedMotion: "reduce" });
  await addAuthenticator(page);
  await openTour(page);

  await page.getByRole("button", { name: "Start" }).click();
  await expect(stepButton(page, "sign-in")).toHaveAttribute("data-state", "done", { timeout: 60_000 });
  await expect(page.getByRole("link", { name: "Console", exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Next step" }).press("Enter");
  await expect(stepButton(page, "earn")).toHaveAttribute("data-state", "done", { timeout: 60_000 });

  await page.getByRole("button", { name: "Run the rest" }).click();
  for (const { name } of JOURNEY) {
    await expect(stepButton(page, name)).toHaveAttribute("data-state", "done", { timeout: 120_000 });
  }
  await expect(page.getByRole("link", { name: "Open the console" })).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "The walk is complete." })).toHaveCount(1);

  await stepButton(page, "contract-refuses").click();
  await expect(page.getByText("AgentAccount_OverTransactionCap")).toBeVisible();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectAccessible(page);
  }

  await page.reload();
  await expect(page.locator('[data-step][data-state="done"]')).toHaveCount(JOURNEY.length);
  await payByContract(page);
});

/** What was cashed out lies in the person's own account: an escrow is opened with it, used, looked at and closed. */
async function payByContract(page: Page): Promise<void> {
  await page.goto("/compute?tab=escrow");
  await page.getByRole("button", { name: "Open an escrow" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Amount").fill("0.10");
  await dialog.getByRole("button", { name: "Open", exact: true }).click();
  await expect(page.getByText("For embedded")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("Open", { exact: true })).toBeVisible();
  const sample = await page.getByText('"converge":').textContent();
  const escrow = /0x[0-9a-f]{64}/.exec(sample ?? "")?.[0];
  const answer = await page.evaluate(async (id) => {
    const { data } = await fetch("/api/v1/models").then((response) => response.json());
    const model = data.find((one: { id: string }) => !one.id.includes("embed")).id;
    const response = await fetch("/api/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model,
        max_tokens: 8,
        messages: [{ role: "user", content: "Hello" }],
        converge: { escrow: id },
      }),
    });
    return { status: response.status, text: await response.text() };
  }, escrow);
  expect(answer.status, answer.text).toBe(200);
  await page.getByRole("button", { name: "Vouchers" }).click();
  await expect(page.getByText("Voucher 1,")).toBeVisible({ timeout: 15_000 });
  await expect(page.getByRole("link", { name: /rcp_/ })).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.getByRole("button", { name: "End", exact: true }).click();
  await expect(page.getByText("Closing", { exact: true })).toBeVisible({ timeout: 30_000 });
  await expectAccessible(page);
}

test("a refused passkey says so, and the step can be tried again", async ({ page }) => {
  await openTour(page);
  await page.evaluate(() => {
    navigator.credentials.create = () => Promise.reject(new DOMException("Dismissed", "NotAllowedError"));
  });
  await page.getByRole("button", { name: "Start" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "No money has moved yet." })).toBeVisible();
  await expect(page.getByRole("button", { name: "Try this step again" })).toBeVisible();
  await expectAccessible(page);
});
