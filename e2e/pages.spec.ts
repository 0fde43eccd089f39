import { type DemoAccount, expect, expectAccessible, signInAs, test } from "./fixtures.ts";

const PAGES: { path: string; as?: DemoAccount }[] = [
  { path: "/" },
  { path: "/docs" },
  { path: "/verify/balance" },
  { path: "/sign-in" },
  { path: "/feed" },
  { path: "/overview", as: "user" },
  { path: "/compute", as: "user" },
  { path: "/compute?tab=jobs", as: "user" },
  { path: "/agents", as: "user" },
  { path: "/agents/new", as: "user" },
  { path: "/agents/addresses", as: "user" },
  { path: "/proofs", as: "user" },
  { path: "/rewards", as: "user" },
  { path: "/balance", as: "user" },
  { path: "/balance?tab=limits", as: "user" },
  { path: "/developers", as: "user" },
  { path: "/settings", as: "user" },
  { path: "/balance?flow=in", as: "user" },
  { path: "/admin", as: "admin" },
  { path: "/admin/templates", as: "admin" },
  { path: "/admin/templates/new", as: "admin" },
  { path: "/admin/templates/tpl_treasurer", as: "admin" },
  { path: "/admin/ledger", as: "admin" },
  { path: "/admin/ledger?at=platform:vault", as: "admin" },
  { path: "/admin/reconciliation", as: "admin" },
  { path: "/admin/adjustments", as: "admin" },
];

for (const { path, as } of PAGES) {
  test(`${path} stands in light, dark and on a phone`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    if (as) await signInAs(page, as);
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    // Skeletons give way to data before anything is judged.
    await expect(page.locator(".animate-pulse")).toHaveCount(0);
    await expectAccessible(page);

    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveClass(/dark/);
    await expectAccessible(page);

    await page.setViewportSize({ width: 390, height: 844 });
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`the API reference shows the endpoints and loads nothing from elsewhere, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.goto("/docs/api");
    await expect(page.getByRole("heading", { name: "Converge API" })).toBeVisible({ timeout: 30_000 });
    await expect(page.getByRole("link", { name: "Your own account on the chain" }).first()).toBeVisible();
    await expectAccessible(page);
  });
}

test("a missing page says so and offers a way back", async ({ page }) => {
  const response = await page.goto("/no-such-page");
  expect(response?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});
