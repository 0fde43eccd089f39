import { expect, signInAs, test } from "./fixtures.ts";

test("the menu of a person opens by keyboard and gives the focus back", async ({ page }) => {
  await signInAs(page, "user");
  await page.goto("/settings");
  const trigger = page.getByRole("button", { name: /account of/ });
  await expect(async () => {
    await trigger.press("Enter");
    await expect(page.getByRole("menuitem", { name: "Balance" })).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toHaveCount(0);
  await expect(trigger).toBeFocused();

  await trigger.press("Enter");
  await page.getByRole("menuitem", { name: "Balance" }).click();
  await expect(page).toHaveURL(/\/balance/);
});

test("a theme is chosen and kept", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await signInAs(page, "user");
  await page.goto("/settings");
  await page.getByRole("button", { name: "Theme" }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveClass(/dark/);
  await page.reload();
  await expect(page.locator("html")).toHaveClass(/dark/);
});

test("a dialog is fetched, takes the focus, and gives it back", async ({ page }) => {
  await signInAs(page, "user");
  await page.goto("/balance");
  const trigger = page.getByRole("button", { name: "Withdraw", exact: true });
  const dialog = page.getByRole("dialog", { name: "Withdraw" });
  // A click before the page is alive is gone.
  await expect(async () => {
    await trigger.click({ timeout: 1_000 });
    await expect(dialog).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await expect(dialog.getByRole("button", { name: "Withdraw" })).toBeDisabled();
  await dialog.getByLabel("Amount").fill("1.2345678");
  await expect(dialog.getByText("Six decimals at most.")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await expect(trigger).toBeFocused();
});

test("a key is made in its dialog, shown once, and the next dialog begins anew", async ({ page }) => {
  await signInAs(page, "user");
  await page.goto("/developers");
  await page.getByRole("button", { name: "Create key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Nightly job");
  await dialog.getByRole("button", { name: "Create key" }).click();
  await expect(dialog.getByText(/^cvg_/)).toBeVisible();
  await dialog.getByRole("button", { name: "Done, I copied it" }).click();
  await expect(dialog).toHaveCount(0);

  await page.getByRole("button", { name: "Create key" }).click();
  await expect(dialog.getByLabel("Name")).toHaveValue("");
  await page.keyboard.press("Escape");

  const row = page.getByRole("row").filter({ hasText: "Nightly job" }).filter({ hasText: "Active" }).first();
  await row.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke key" }).click();
  await expect(page.getByText("“Nightly job” is revoked")).toBeVisible();
});

test("the palette goes to a page by keyboard", async ({ page }) => {
  await signInAs(page, "user");
  await page.goto("/settings");
  await expect(async () => {
    await page.keyboard.press("Control+k");
    await expect(page.getByPlaceholder("Go to a page, or paste an identifier")).toBeFocused({ timeout: 1_000 });
  }).toPass();
  await page.keyboard.type("Proofs");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/proofs/);
});

test("tabs are walked with the arrows and stand in the address", async ({ page }) => {
  await signInAs(page, "user");
  await page.goto("/compute");
  const tab = (name: string) => page.getByRole("tab", { name });
  await expect(async () => {
    await tab("Models and nodes").focus();
    await page.keyboard.press("ArrowRight");
    await expect(tab("Machines")).toBeFocused({ timeout: 1_000 });
    await page.keyboard.press("ArrowRight");
    await expect(tab("Playground")).toBeFocused({ timeout: 1_000 });
  }).toPass();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/tab=playground/);
  await expect(page.getByRole("tabpanel")).toContainText("What is Converge?");
  await page.reload();
  await expect(tab("Playground")).toHaveAttribute("aria-selected", "true");
});

test("on a phone every page is behind the thumb", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signInAs(page, "user");
  await page.goto("/overview");
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("navigation", { name: "All pages" }).getByRole("link", { name: "Developers" }).click();
  await expect(page).toHaveURL(/\/developers/);
  await expect(page.getByRole("dialog")).toHaveCount(0);
});
