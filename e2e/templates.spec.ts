import { expect, expectAccessible, signInAs, test } from "./fixtures.ts";

test("an admin writes a template, publishes it, and everybody who makes an agent is offered it until it is retired", async ({
  page,
  browser,
}) => {
  test.setTimeout(120_000);
  const name = `Night buyer ${Date.now() % 1_000_000}`;
  const person = await (await browser.newContext()).newPage();
  await signInAs(person, "user");
  await signInAs(page, "admin");
  await page.goto("/admin/templates/new");
  // What is typed before the page is alive is gone; the words beside the form show that it heard.
  await expect(async () => {
    await page.getByLabel("At most a payment").fill("0.30");
    await expect(page.getByText("At most $0.30 a payment")).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Description").fill("Buys at night, for small sums.");
  await page.getByRole("tab", { name: "JSON" }).click();
  const code = page.getByRole("textbox", { name: "Policy" });
  const good = await code.inputValue();
  await code.fill(good.replace('"kind": "deposit"', '"kind": "pay"'));
  await expect(page.getByText("rules.0.kind: A template names nobody").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Save as a draft" })).toBeDisabled();
  await expectAccessible(page);
  const hours = '{"hours": [{"days": [1], "from": "22:00", "to": "06:00", "timeZone": "UTC"}]}';
  await code.fill(good.replace('"rules"', `"guards": ${hours}, "rules"`));
  await expect(page.getByText("It acts Mon 22:00–06:00 (UTC) only.")).toBeVisible();
  await page.getByRole("button", { name: "Save as a draft" }).click();
  await expect(page).toHaveURL(/\/admin\/templates\/tpl_/);

  const offers = () => person.getByLabel("Begin with").locator("option").filter({ hasText: name });
  await person.goto("/agents/new");
  await expect(person.getByLabel("Begin with")).toBeVisible();
  await expect(offers()).toHaveCount(0);

  await page.getByRole("button", { name: "Publish" }).click();
  const question = page.getByRole("dialog");
  await question.getByLabel("Reason").fill("Asked for by many");
  await question.getByRole("button", { name: "Publish" }).click();
  await expect(page.getByText("Published", { exact: true })).toBeVisible();
  await person.reload();
  await person.getByLabel("Begin with").selectOption(name);
  await expect(person.getByText("Buys at night, for small sums.")).toBeVisible();
  await person.getByLabel("Name").fill("Mine");
  await expect(person.getByText("It acts Mon 22:00–06:00 (UTC) only.")).toBeVisible();

  await page.getByLabel("At most a payment").fill("0.25");
  await page.getByLabel("Reason").fill("Less is enough");
  await page.getByRole("button", { name: "Save as version 2" }).click();
  await expect(page.getByRole("button", { name: "Version 2 in words" })).toBeVisible();
  await page.getByRole("button", { name: "Version 1 in words" }).click();
  await expect(page.getByRole("dialog").getByText("At most $0.30 a payment")).toBeVisible();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Retire" }).click();
  await question.getByLabel("Reason").fill("The browser test is over");
  await question.getByRole("button", { name: "Retire" }).click();
  await expect(page.getByText("Retired", { exact: true })).toBeVisible();
  await person.reload();
  await expect(person.getByLabel("Begin with")).toBeVisible();
  await expect(offers()).toHaveCount(0);
  await page.goto("/admin/adjustments");
  await expect(page.getByText("Retired a policy template").first()).toBeVisible();
  await person.context().close();
});
