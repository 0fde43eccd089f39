import { expect, test } from "vitest";
import { describeBrowser } from "./describe-browser.ts";

test.each([
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
    "Safari on iOS",
  ],
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0", "Edge on Linux"],
  ["node", "node"],
  ["curl/8.5.0", "curl"],
  ["", "A program"],
])("%s is shown as %s", (userAgent, name) => {
  expect(describeBrowser(userAgent)).toBe(name);
});
