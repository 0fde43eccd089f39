import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { chromium } from "@playwright/test";

const SYSTEM_BROWSERS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Where the browser of the tests is: Playwright's own, else the system's; null when there is none. */
export function findBrowser(): string | null {
  const own = chromium.executablePath();
  if (existsSync(own)) return own;
  return SYSTEM_BROWSERS.find((path) => existsSync(path)) ?? null;
}

/** Finds a browser, or installs one: Playwright's where its host is reachable, else Debian's. */
export function ensureBrowser(): string {
  const found = findBrowser();
  if (found) return found;
  const isDebianRoot = userInfo().uid === 0 && existsSync("/usr/bin/apt-get");
  const attempts = isDebianRoot
    ? [
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "--no-install-recommends", "chromium"],
      ]
    : [[process.execPath, "node_modules/@playwright/test/cli.js", "install", "chromium"]];
  for (const [program = "", ...args] of attempts) {
    spawnSync(program, args, { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  }
  const installed = findBrowser();
  if (!installed)
    throw new Error("No browser was found for the browser tests. Install Chromium, then run the command again.");
  return installed;
}
