import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BrowserContext, chromium, type Page } from "@playwright/test";
import { ensureBrowser } from "./lib/browser.ts";

/** Who looks at a page; `null` is a stranger. */
type Viewer = "user" | "provider" | "admin" | null;
type Shot = { name: string; path: string; viewer: Viewer };

const ROUTES: readonly Shot[] = [
  { name: "landing", path: "/", viewer: null },
  { name: "sign-in", path: "/sign-in", viewer: null },
  { name: "docs", path: "/docs", viewer: null },
  { name: "docs-api", path: "/docs/api", viewer: null },
  { name: "tour", path: "/tour", viewer: null },
  { name: "not-found", path: "/no-such-page", viewer: null },
  { name: "overview", path: "/overview", viewer: "user" },
  { name: "compute", path: "/compute", viewer: "user" },
  { name: "compute-playground", path: "/compute?tab=playground", viewer: "user" },
  { name: "compute-requests", path: "/compute?tab=requests", viewer: "user" },
  { name: "compute-provider", path: "/compute?tab=nodes", viewer: "provider" },
  { name: "agents", path: "/agents", viewer: "user" },
  { name: "agents-new", path: "/agents/new", viewer: "user" },
  { name: "proofs", path: "/proofs", viewer: "user" },
  { name: "rewards", path: "/rewards", viewer: "user" },
  { name: "balance", path: "/balance", viewer: "user" },
  { name: "developers", path: "/developers", viewer: "user" },
  { name: "settings", path: "/settings", viewer: "user" },
  { name: "feed", path: "/feed", viewer: "user" },
  { name: "admin", path: "/admin", viewer: "admin" },
];

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

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    size: { type: "string" },
    theme: { type: "string" },
    out: { type: "string", default: "shots" },
  },
});
/** A development server compiles a page when it is first asked for. */
const NAVIGATION_MS = 120_000;
const baseUrl = process.env.BASE_URL ?? "http://localhost:3000";

async function signIn(context: BrowserContext, viewer: Exclude<Viewer, null>): Promise<void> {
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
    .waitForFunction(() => document.querySelector('[aria-busy="true"]') === null, undefined, { timeout: 8_000 })
    .catch(() => undefined);
  await page.evaluate(() => document.fonts.ready);
}

async function shoot(page: Page, route: Shot, file: string): Promise<string[]> {
  const problems: string[] = [];
  const onError = (error: Error) => problems.push(error.message);
  page.on("pageerror", onError);
  const response = await page.goto(baseUrl + route.path, { waitUntil: "domcontentloaded" });
  await settle(page);
  const status = response?.status() ?? 0;
  if (status >= 500) problems.push(`status ${status}`);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  if (overflow > 0) problems.push(`${overflow} px wider than the screen`);
  await page.screenshot({ path: file, fullPage: true, animations: "disabled" });
  page.off("pageerror", onError);
  return problems;
}

const browser = await chromium.launch({ args: FLAGS, executablePath: ensureBrowser() });
await mkdir(values.out, { recursive: true });
let failed = 0;
for (const [size, viewport] of Object.entries(SIZES)) {
  if (values.size && values.size !== size) continue;
  for (const theme of THEMES) {
    if (values.theme && values.theme !== theme) continue;
    const routes = ROUTES.filter((route) => !values.only || values.only.split(",").includes(route.name));
    for (const viewer of new Set(routes.map((route) => route.viewer))) {
      const context = await browser.newContext({
        viewport,
        colorScheme: theme,
        deviceScaleFactor: size === "phone" ? 2 : 1,
        ...(size === "phone" ? { hasTouch: true, isMobile: true } : {}),
      });
      if (viewer !== null) await signIn(context, viewer);
      const page = await context.newPage();
      page.setDefaultNavigationTimeout(NAVIGATION_MS);
      for (const route of routes.filter((candidate) => candidate.viewer === viewer)) {
        const file = join(values.out, `${route.name}.${size}.${theme}.png`);
        const problems = await shoot(page, route, file);
        failed += problems.length > 0 ? 1 : 0;
        process.stdout.write(
          `${problems.length === 0 ? "ok  " : "LOOK"} ${file}${problems.length === 0 ? "" : `  ${problems.join("; ")}`}\n`,
        );
      }
      await context.close();
    }
  }
}
await browser.close();
process.exit(failed === 0 ? 0 : 1);
