import { existsSync } from "node:fs";
import { expect, expectAccessible, signInAs, test } from "./fixtures.ts";

test.skip(!existsSync("/usr/bin/bwrap"), "The embedded node takes jobs only where bubblewrap is installed.");

const dialog = /run a job|train a model/i;

test("a person sees price and most cost, runs a job, watches its log and takes its file home", async ({ page }) => {
  await signInAs(page, "user");
  await page.goto("/compute?tab=jobs");
  await page.getByRole("button", { name: "Run a job" }).first().click();
  const form = page.getByRole("dialog", { name: dialog });
  await form.getByLabel("Script").fill("echo begun; sleep 2; echo 42 > result.txt; echo over");
  await form.getByLabel("Files out").fill("result.txt");
  await expect(form.getByText(/an hour at the cheapest/)).toBeVisible();
  await expect(form.getByText(/at most/).last()).toBeVisible();
  await form.getByRole("button", { name: "Run it" }).click();
  await expect(page).toHaveURL(/\/compute\/jobs\/job_/);
  await expect(page.getByText("begun")).toBeVisible();
  await expect(page.getByText("Succeeded")).toBeVisible({ timeout: 20_000 });
  await expect(page.getByText("over", { exact: false }).first()).toBeVisible();
  await expectAccessible(page);
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  expect(file.suggestedFilename()).toBe("result.txt");
});

test("a job is cancelled by its owner, and what was set aside is free again", async ({ page }) => {
  await signInAs(page, "user");
  await page.goto("/compute?tab=jobs");
  await page.getByRole("button", { name: "Run a job" }).first().click();
  const form = page.getByRole("dialog", { name: dialog });
  await form.getByLabel("Script").fill("echo begun; sleep 300");
  await form.getByRole("button", { name: "Run it" }).click();
  await expect(page.getByText("Running, metered")).toBeVisible({ timeout: 20_000 });
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("button", { name: "Cancel the job" }).click();
  await expect(page.getByText("Cancelled", { exact: true }).first()).toBeVisible();
  await expect(page.getByText("Given back")).toBeVisible();
});

test("a job that nobody can take says what would have to change", async ({ page }) => {
  await signInAs(page, "user");
  await page.goto("/compute?tab=jobs");
  await page.getByRole("button", { name: "Run a job" }).first().click();
  const form = page.getByRole("dialog", { name: dialog });
  await form.getByLabel("Script").fill("nvidia-smi");
  await form.getByLabel("GPUs").fill("8");
  await expect(form.getByText("No node fits this right now.")).toBeVisible();
  await expect(form.getByText("Ask for no GPU.")).toBeVisible();
});
