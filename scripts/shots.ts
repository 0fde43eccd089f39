import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { AxeBuilder } from "@axe-core/playwright";
import { type BrowserContext, chromium, type Page } from "@playwright/test";
import { ensureBrowser } from "./lib/browser.ts";
import { SHOTS, type Shot, type Viewer } from "./lib/shot-routes.ts";
import { type WalkedPerson, walkJourney } from "./lib/walked-person.ts";

const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
const THEMES = ["light", "dark"] as const;
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** A development server compiles a page when it is first asked for. */
const NAVIGATION_MS = 120_000;
const SETTLE_MS = 30_000;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    size: { type: "string" },
    theme: { type: "string" },
    axe: { type: "boolean", default: false },
    out: { type: "string", default: "shots" },
  },
});
const baseUrl = process.env.BASE_URL ?? `http://localhost:${process.env.PORT ?? 3000}`;

async function signIn(context: BrowserContext, viewer: Viewer, walker: WalkedPerson | null): Promise<void> {
  if (viewer === null) return;
  if (viewer === "walker") {
    await context.addCookies((walker?.cookies ?? []).map((cookie) => ({ ...cookie, url: baseUrl })));
    return;
  }
  const { csrfToken } = (await (await context.request.get(`${baseUrl}/api/auth/csrf`)).json()) as { csrfToken: string };
  const answer = await context.request.post(`${baseUrl}/api/auth/callback/demo`, {
    form: { csrfToken, account: viewer, json: "true" },
  });
  if (!answer.ok()) throw new Error(`The demo account "${viewer}" could not sign in: ${answer.status()}`);
}

/** Waits until nothing on the page says that it is still loading. */
async function settle(page: Page): Promise<void> {
  await page.waitForLoadState("load");
  await page
    .waitForFunction(() => document.querySelector('[aria-busy="true"], [data-skeleton]') === null, undefined, {
      timeout: SETTLE_MS,
    })
    .catch(() => undefined);
  await page.evaluate(() => document.fonts.ready);
}

async function findAxeProblems(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.map(({ id, nodes }) => `axe ${id}: ${nodes[0]?.target.join(" ") ?? ""} (${nodes.length})`);
}

async function shoot(page: Page, shot: Shot, path: string, file: string): Promise<string[]> {
  const problems: string[] = [];
  const onError = (error: Error) => problems.push(error.message);
  page.on("pageerror", onError);
  const response = await page.goto(baseUrl + path, { waitUntil: "domcontentloaded" });
  await settle(page);
  if (shot.press) {
    await page.getByRole("button", { name: shot.press }).first().click();
    await page.getByRole("dialog").waitFor();
    await settle(page);
  }
  const status = response?.status() ?? 0;
  if (status >= 500) problems.push(`status ${status}`);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  if (overflow > 0) problems.push(`${overflow} px wider than the screen`);
  await page.screenshot({ path: file, fullPage: shot.press === undefined, animations: "disabled" });
  if (values.axe) problems.push(...(await findAxeProblems(page)));
  page.off("pageerror", onError);
  return problems;
}

const wanted = values.only?.split(",");
const shots = SHOTS.filter((shot) => wanted === undefined || wanted.includes(shot.name));
const needsWalker = shots.some((shot) => shot.viewer === "walker" || shot.path.includes(":"));
const walker = needsWalker ? await walkJourney(baseUrl) : null;
const pathOf = (shot: Shot): string =>
  shot.path.replace(/:(\w+)/g, (_match, name: string) => walker?.made[name] ?? "none");

async function shootAll(browser: Awaited<ReturnType<typeof chromium.launch>>): Promise<number> {
  let failed = 0;
  for (const [size, viewport] of Object.entries(SIZES).filter(([name]) => !values.size || values.size === name)) {
    for (const theme of THEMES.filter((name) => !values.theme || values.theme === name)) {
      for (const viewer of new Set(shots.map((shot) => shot.viewer))) {
        const phone = { hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
        const context = await browser.newContext({ viewport, colorScheme: theme, ...(size === "phone" ? phone : {}) });
        await signIn(context, viewer, walker);
        const page = await context.newPage();
        page.setDefaultNavigationTimeout(NAVIGATION_MS);
        for (const shot of shots.filter((candidate) => candidate.viewer === viewer)) {
          const file = join(values.out, `${shot.name}.${size}.${theme}.png`);
          const problems = await shoot(page, shot, pathOf(shot), file).catch((error: Error) => [error.message]);
          failed += problems.length > 0 ? 1 : 0;
          process.stdout.write(`${problems.length === 0 ? "✓" : "✗"} ${file}  ${problems.join("; ")}\n`);
        }
        await context.close();
      }
    }
  }
  return failed;
}

await mkdir(values.out, { recursive: true });
const browser = await chromium.launch({ args: FLAGS, executablePath: ensureBrowser() });
const failed = await shootAll(browser);
await browser.close();
process.exit(failed === 0 ? 0 : 1);
