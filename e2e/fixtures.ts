import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";

export type DemoAccount = "user" | "provider" | "admin" | "approver";

/** Signs in through the doors, as the page's own script does, and leaves the cookie with the browser. */
export async function signInAs(page: Page, account: DemoAccount): Promise<void> {
  const { csrfToken } = await (await page.request.get("/api/auth/csrf")).json();
  const response = await page.request.post("/api/auth/callback/demo", {
    form: { account, csrfToken, json: "true" },
  });
  expect(response.ok()).toBe(true);
}

/** A passkey authenticator inside the browser that says yes by itself, as DevTools has one. */
export async function addAuthenticator(page: Page): Promise<void> {
  const client = await page.context().newCDPSession(page);
  await client.send("WebAuthn.enable");
  await client.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
}

export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`)).toEqual([]);
}

type Watch = { problems: string[] };

/** Every test also fails on an uncaught error of the page and on a request to anywhere but our own origin. */
export const test = base.extend<{ watch: Watch }>({
  watch: [
    async ({ page, baseURL }, use) => {
      const problems: string[] = [];
      const ours = new URL(baseURL ?? "http://localhost").origin;
      page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith("http") && url.origin !== ours) problems.push(`asked elsewhere: ${url.origin}`);
      });
      await use({ problems });
      expect(problems).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
