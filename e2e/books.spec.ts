import type { Page } from "@playwright/test";
import { type DemoAccount, expect, signInAs, test } from "./fixtures.ts";

/** Waits until the page's own script is alive: what is pressed before is lost. */
async function openUntil(press: () => Promise<void>, isOpen: () => Promise<void>): Promise<void> {
  await expect(async () => {
    await press();
    await isOpen();
  }).toPass();
}

const statement = (page: Page) => page.getByRole("region", { name: "Statement" });

test("a person narrows the statement down, goes back, and takes the same entries along as a file", async ({ page }) => {
  await signInAs(page, "user");
  await page.goto("/balance");
  await expect(statement(page).getByText("Deposit").first()).toBeVisible();
  const filter = page.getByRole("form", { name: "Filter the statement" });
  await openUntil(
    async () => {
      if (!(await filter.isVisible())) await page.getByRole("button", { name: "Filter" }).click();
    },
    () => expect(filter).toBeVisible({ timeout: 2_000 }),
  );
  await filter.getByLabel("Direction").selectOption("out");
  await filter.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("button", { name: "Filter (1)" })).toBeVisible();
  await expect(page.getByText("+$25.00")).toHaveCount(0);
  await filter.getByLabel("Direction").selectOption("in");
  await filter.getByLabel("What").selectOption("deposit");
  await filter.getByLabel("At least").fill("20");
  await filter.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/flow=in/);
  await expect(page).toHaveURL(/amountMin=20000000/);
  await expect(page.getByRole("button", { name: "Filter (3)" })).toBeVisible();
  await expect(statement(page).getByText("+$25.00")).toBeVisible();

  const href = await page.getByRole("link", { name: "Download as CSV" }).getAttribute("href");
  const file = await page.request.get(href ?? "");
  expect(file.headers()["content-disposition"]).toMatch(/^attachment; filename="converge-statement-user/);
  const lines = (await file.text()).trim().split("\r\n");
  expect(lines[0]).toMatch(/^id,time,kind,flow,/);
  expect(lines.slice(1).every((line) => line.includes(",deposit,in,"))).toBe(true);
  expect(lines.some((line) => line.includes(",25000000,25.00,"))).toBe(true);

  await filter.getByLabel("Reference or memo").fill("nothing like this");
  await filter.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("Nothing matches")).toBeVisible();
  await page.goBack();
  await expect(page).not.toHaveURL(/text=/);
  await expect(statement(page).getByText("+$25.00")).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: "Filter (3)" })).toBeVisible();
});

test("one admin proposes an adjustment, another approves it, and the person reads who did and why", async ({
  page,
  browser,
}) => {
  const enter = async (account: DemoAccount): Promise<Page> => {
    const other = await (await browser.newContext()).newPage();
    await signInAs(other, account);
    return other;
  };
  const [person, approver] = [await enter("user"), await enter("approver")];
  const { id } = await (await person.request.get("/api/v1/me")).json();
  const reason = `Charged twice, browser test ${Date.now()}`;

  await signInAs(page, "admin");
  await page.goto("/admin/adjustments");
  const proposal = page.getByRole("dialog");
  await openUntil(
    () => page.getByRole("button", { name: "Propose" }).click(),
    () => expect(proposal).toBeVisible({ timeout: 2_000 }),
  );
  await proposal.getByLabel("From account").fill(`user:${id}`);
  await proposal.getByLabel("To account").fill("platform:vault");
  await proposal.getByLabel("Amount").fill("0.01");
  await proposal.getByLabel("Reason").fill(reason);
  await proposal.getByRole("button", { name: "Propose" }).click();
  await expect(proposal.getByRole("alert")).toContainText("The Vault’s account moves only".replace("’", "'"));
  await proposal.getByLabel("To account").fill("platform:revenue");
  await proposal.getByRole("button", { name: "Propose" }).click();
  await expect(proposal).toHaveCount(0);
  const mine = page.getByRole("row").filter({ hasText: reason });
  await expect(mine.getByText("Waits for another admin")).toBeVisible();
  await expect(mine.getByRole("button", { name: "Review" })).toHaveCount(0);

  await approver.goto("/admin/adjustments");
  const theirs = approver.getByRole("row").filter({ hasText: reason });
  const review = approver.getByRole("dialog");
  await openUntil(
    () => theirs.getByRole("button", { name: "Review" }).click(),
    () => expect(review).toBeVisible({ timeout: 2_000 }),
  );
  await expect(review.getByText("Demo admin")).toBeVisible();
  await review.getByRole("button", { name: "Approve and post" }).click();
  // A phone has the status beside the reason, a wide screen in a column of its own.
  await expect(theirs.getByText("Posted").last()).toBeVisible();
  await expect(theirs.getByText("By Demo approver")).toBeVisible();

  await person.goto("/balance?kinds=adjustment");
  const entry = person.getByRole("row").filter({ hasText: reason });
  await expect(entry).toContainText("$0.01");
  await openUntil(
    () => entry.getByRole("button", { name: /Receipt of adjustment/ }).click(),
    () => expect(person.getByRole("dialog")).toBeVisible({ timeout: 2_000 }),
  );
  await expect(person.getByRole("dialog").getByText("Proposed by Demo admin")).toBeVisible();
  await expect(person.getByRole("dialog").getByText("Approved by Demo approver")).toBeVisible();

  // From the posting to its batch, as an auditor goes.
  await page.goto("/admin/adjustments");
  await page.getByRole("row").filter({ hasText: reason }).getByRole("link", { name: /^txf_/ }).click();
  await expect(page.getByText("Adjustment", { exact: false }).first()).toBeVisible();
  await page.getByRole("link", { name: /^bat_/ }).click();
  await expect(page).toHaveURL(/at=bat_/);
  await expect(page.getByRole("region", { name: "Transfers" }).getByRole("link", { name: /^txf_/ })).toHaveCount(1);
  await Promise.all([person.context().close(), approver.context().close()]);
});

test("an admin has the books compared and sees every section agree", async ({ page }) => {
  await signInAs(page, "admin");
  await page.goto("/admin/reconciliation");
  await openUntil(
    () => page.getByRole("button", { name: "Compare now" }).click(),
    () => expect(page).toHaveURL(/run=rec_/, { timeout: 2_000 }),
  );
  const sections = page.getByRole("region", { name: "Sections" });
  await expect(sections.getByText("Agrees")).toHaveCount(9, { timeout: 30_000 });
  await page.goto("/admin");
  await expect(page.getByText("The books agree")).toBeVisible();
});
