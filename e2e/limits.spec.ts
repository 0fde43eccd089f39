import type { Page } from "@playwright/test";
import { earn } from "./doors/earn.ts";
import { BASE_URL } from "./doors/hostile-client.ts";
import { Person } from "./doors/people.ts";
import { expect, expectAccessible, test } from "./fixtures.ts";

/** Somebody who has earned a little, in this browser. */
async function signInWithMoney(page: Page): Promise<Person> {
  const person = new Person();
  await person.signInWithWallet();
  await earn(person);
  await page
    .context()
    .addCookies([...person.jar].map(([name, value]) => ({ name, value, url: BASE_URL.origin, httpOnly: true })));
  return person;
}

async function ask(page: Page, question: string): Promise<void> {
  await page.goto("/compute?tab=playground");
  // What is typed before the page is alive is gone.
  await expect(async () => {
    await page.getByLabel("Your question").fill(question);
    await expect(page.getByRole("button", { name: "Send" })).toBeEnabled({ timeout: 1_000 });
  }).toPass();
  await page.getByRole("button", { name: "Send" }).click();
}

/** A click before the page is alive is gone. */
async function openDialog(page: Page, name: string): Promise<void> {
  await expect(async () => {
    await page.getByRole("button", { name }).click({ timeout: 1_000 });
    await expect(page.getByRole("dialog").or(page.getByRole("alertdialog"))).toBeVisible({ timeout: 1_000 });
  }).toPass();
}

const refusal = (page: Page) => page.getByRole("alert").filter({ hasText: /The limit on completions/ });

test("somebody sets a limit, is refused above it, raises it, uses it up and is told what is left", async ({ page }) => {
  await signInWithMoney(page);
  await page.goto("/balance?tab=limits");
  await expect(page.getByText("No limit yet")).toBeVisible();
  const dialog = page.getByRole("dialog");
  await openDialog(page, "Set a limit");
  await dialog.getByLabel("On").selectOption("One kind of spending");
  await dialog.getByLabel("Kind", { exact: true }).selectOption("Completions");
  await dialog.getByLabel("At most").fill("0.000001");
  await dialog.getByRole("button", { name: "Set limit" }).click();
  const row = page.getByRole("row").filter({ hasText: "Completions" });
  await expect(row).toContainText("in any day");
  await expectAccessible(page);

  await ask(page, "What is Converge?");
  await expect(refusal(page)).toContainText("$0.000001 of it is left");
  const [, asked = ""] = /this may take \$([\d.]+\d)/.exec((await refusal(page).textContent()) ?? "") ?? [];
  await refusal(page).getByRole("link", { name: "See your limits" }).click();
  await expect(page).toHaveURL(/\/balance\?tab=limits/);

  // Room for one answer at its longest; the second finds what the first left of it.
  await openDialog(page, "Change the limit on Completions");
  await dialog.getByLabel("At most").fill(asked);
  await dialog.getByRole("button", { name: "Change limit" }).click();
  await expect(dialog).toBeHidden();
  await ask(page, "What is Converge?");
  await expect(page.getByRole("button", { name: "Receipt" })).toBeVisible();
  await ask(page, "What is Converge?");
  await expect(refusal(page)).toContainText("Room returns");

  await page.goto("/balance?tab=limits");
  await expect(row).toContainText("left, room returns");
  await openDialog(page, "Remove the limit on Completions");
  await page.getByRole("button", { name: "Remove limit" }).click();
  await expect(page.getByText("No limit yet")).toBeVisible();
  await ask(page, "What is Converge?");
  await expect(page.getByRole("button", { name: "Receipt" })).toBeVisible();
});

test("a key is made with its limit, and both are in its row", async ({ page }) => {
  await signInWithMoney(page);
  await page.goto("/developers");
  const dialog = page.getByRole("dialog");
  await openDialog(page, "Create key");
  await dialog.getByLabel("Name").fill("Nightly job");
  await dialog.getByText("Limit what may be spent with it").click();
  // What is no amount makes no key, least of all one without a limit.
  await dialog.getByLabel("Spending limit").fill("2,50");
  await expect(dialog.getByRole("button", { name: "Create key" })).toBeDisabled();
  await dialog.getByLabel("Spending limit").fill("2.50");
  await dialog.getByLabel("Counted").selectOption("In all, ever");
  await dialog.getByRole("button", { name: "Create key" }).click();
  await dialog.getByRole("button", { name: "Done, I copied it" }).click();
  const row = page.getByRole("row").filter({ hasText: "Nightly job" });
  await expect(row).toContainText("$2.50 in all");
  await page.goto("/balance?tab=limits");
  await expect(page.getByRole("row").filter({ hasText: "Key “Nightly job”" })).toContainText("$2.50 left");
});
