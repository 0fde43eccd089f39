import type { Page } from "@playwright/test";
import { hexToBytes } from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { lockKey } from "../core/keystore.ts";
import { addAuthenticator, expect, expectAccessible, test } from "./fixtures.ts";

type Wallet = { account: PrivateKeyAccount; chainId?: number; declines?: string; knowsNetwork?: boolean };

const DEVELOPMENT_CHAIN = 31_337;

/** A browser wallet that announces itself (EIP-6963); its key stays in the test, as a real one's stays in the wallet. */
async function installWallet(page: Page, wallet: Wallet): Promise<void> {
  const { account, chainId = DEVELOPMENT_CHAIN, declines = "", knowsNetwork = false } = wallet;
  await page.exposeFunction("signInWallet", async (method: string, params: [string, string]): Promise<string> => {
    if (method === "personal_sign") return account.signMessage({ message: { raw: params[0] as `0x${string}` } });
    return account.signTypedData(JSON.parse(params[1]));
  });
  await page.addInitScript(
    (given) => {
      let chain = given.chainId;
      const refuse = (code: number, message: string) => Promise.reject({ code, message });
      const provider = {
        on: () => provider,
        removeListener: () => provider,
        request: async ({ method, params }: { method: string; params?: unknown[] }): Promise<unknown> => {
          if (method === given.declines) return refuse(4001, "User rejected the request.");
          if (method === "eth_requestAccounts" || method === "eth_accounts") return [given.address];
          if (method === "eth_chainId") return `0x${chain.toString(16)}`;
          if (method === "wallet_switchEthereumChain") {
            if (!given.knowsNetwork) return refuse(4902, "Unrecognized chain.");
            chain = given.wantedChain;
            return null;
          }
          if (method === "personal_sign" || method === "eth_signTypedData_v4")
            return (window as unknown as { signInWallet: (...call: unknown[]) => unknown }).signInWallet(
              method,
              params,
            );
          return refuse(-32601, `${method} is not known.`);
        },
      };
      const info = {
        uuid: crypto.randomUUID(),
        name: "Test Wallet",
        icon: "data:image/svg+xml,<svg/>",
        rdns: "test.wallet",
      };
      const announce = () =>
        window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail: { info, provider } }));
      window.addEventListener("eip6963:requestProvider", announce);
      announce();
    },
    { address: account.address, chainId, declines, knowsNetwork, wantedChain: DEVELOPMENT_CHAIN },
  );
}

async function chooseWallet(page: Page, next = "/settings"): Promise<void> {
  await page.goto(`/sign-in?next=${next}`);
  await page.getByRole("button", { name: "Use a wallet instead" }).click();
  await page.getByRole("button", { name: "Test Wallet" }).click();
}

const newWallet = () => privateKeyToAccount(generatePrivateKey());
const refusal = (page: Page) => page.getByRole("alert").filter({ hasText: /\w/ });

test("a wallet signs in with a message and is the person's wallet from then on", async ({ page }) => {
  const account = newWallet();
  await installWallet(page, { account });
  await chooseWallet(page);
  await expect(page).toHaveURL(/\/settings/);
  await expect(page.getByTitle(account.address)).toBeVisible();
});

async function createAgent(page: Page): Promise<void> {
  // What is typed before the page is alive is gone; the summary of what is signed shows that it heard.
  await expect(async () => {
    await page.getByLabel("Name").fill("Research buyer");
    await expect(page.getByText("Everything that is not named is denied")).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await page.getByRole("button", { name: "Create and sign" }).click();
  await expect(page).toHaveURL(/\/agents\/agt_/, { timeout: 30_000 });
  await expect(page.getByRole("heading", { level: 1 }).getByText("Active", { exact: true })).toBeVisible({
    timeout: 30_000,
  });
}

/** Rewrites the policy as code, as somebody does who knows what they want. */
async function changePolicy(page: Page, from: RegExp, to: string): Promise<void> {
  await page.getByRole("button", { name: "Change its limits" }).click();
  await page.getByRole("tab", { name: "Code" }).click();
  const code = page.getByRole("textbox", { name: "Policy" });
  await code.fill((await code.inputValue()).replace(from, to));
}

test("a wallet owns an agent: one signature of its limits makes it active", async ({ page }) => {
  await installWallet(page, { account: newWallet() });
  await chooseWallet(page, "/agents/new");
  await createAgent(page);
});

test("what an agent was refused has a timeline that ends with what to do", async ({ page }) => {
  await installWallet(page, { account: newWallet() });
  await chooseWallet(page, "/agents/new");
  await createAgent(page);
  await page.getByRole("button", { name: "Let it pay" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Amount").fill("0.01");
  await dialog.getByLabel("To", { exact: true }).fill(newWallet().address);
  await dialog.getByRole("button", { name: "Propose payment" }).click();
  await expect(refusal(page)).toBeVisible();
  await page.keyboard.press("Escape");

  await page.getByLabel("What became of it").selectOption("Done");
  await expect(page.getByText("Nothing of that")).toBeVisible();
  await page.getByLabel("What became of it").selectOption("Refused");
  await page.getByRole("link", { name: "Payment", exact: true }).click();
  await expect(page).toHaveURL(/\/actions\/pay_/);
  const timeline = page.getByRole("region", { name: "Timeline" }).getByRole("listitem");
  await expect(timeline.first()).toContainText("asked for it");
  await expect(timeline.last()).toContainText("The signer refused it: not-allowed");
  await expect(timeline.last()).toContainText("What to do:");
  await expectAccessible(page);
});

test("a trader is made from its template, tried on the past, and watches the market in a dry run", async ({ page }) => {
  test.setTimeout(120_000);
  await installWallet(page, { account: newWallet() });
  await chooseWallet(page, "/agents/new");
  await expect(page.getByText("Trade dollars, WETH and tBTC on the pools")).toBeVisible();
  await page.getByLabel("Begin with").selectOption("Trader");
  await createAgent(page);
  await expect(page.getByText("Trader, version 1")).toBeVisible();

  await page.getByRole("link", { name: "New strategy" }).click();
  await page.getByLabel("Name").fill("Half ether");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Try it" }).click();
  await expect(page.getByRole("img", { name: /with the strategy and without it/ })).toBeVisible({ timeout: 30_000 });
  await expectAccessible(page);
  await page.getByRole("button", { name: "Show the trades" }).click();
  await expect(page.getByText(/at a cost of 0\.\d\d %/).first()).toBeVisible();

  await page.getByLabel("Kind").selectOption("Watch a price");
  await page.getByLabel("Above").fill("1");
  await expect(page.getByText("Tells when WETH is above $1.00.")).toBeVisible();
  await page.getByRole("button", { name: "Begin a dry run" }).click();
  await expect(page).toHaveURL(/strategies\/stg_/);
  await expect(page.getByText(/it went above \$1\.00/).first()).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("Alert", { exact: true }).first()).toBeVisible();
  await page.getByRole("button", { name: "Let it act" }).click();
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(page.getByText("Stopped", { exact: true })).toBeVisible();
  await expectAccessible(page);
});

test("an agent that asks before what is over its line says so, and its owner has an inbox", async ({ page }) => {
  test.setTimeout(120_000);
  await installWallet(page, { account: newWallet() });
  await chooseWallet(page, "/agents/new");
  const recipient = newWallet().address;
  await expect(async () => {
    await page.getByLabel("Name").fill("Careful payer");
    await page.getByLabel("Ask me above").fill("0.01");
    await expect(page.getByText("it asks you first")).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await page.getByRole("button", { name: "Add a recipient" }).click();
  await page.getByLabel("Recipient 1", { exact: true }).fill(recipient);
  await page.getByRole("button", { name: "Create and sign" }).click();
  await expect(page.getByRole("heading", { level: 1 }).getByText("Active", { exact: true })).toBeVisible({
    timeout: 30_000,
  });
  await expect(page.getByText(/More than \$0\.01 needs 1 of/)).toBeVisible();
  await page.goto("/agents/approvals");
  await expect(page.getByText("Nothing waits for you")).toBeVisible();
  await expectAccessible(page);
});

test("its limits are changed: narrower at once, wider after a wait, each with one signature", async ({ page }) => {
  test.setTimeout(120_000);
  await installWallet(page, { account: newWallet() });
  await chooseWallet(page, "/agents/new");
  await createAgent(page);
  const versions = page.getByRole("table").filter({ hasText: "Version" });
  const dialog = page.getByRole("dialog");

  await page.getByRole("button", { name: "Change its limits" }).click();
  await dialog.getByLabel("At most together").fill("0.40");
  await expect(dialog.getByText("Narrower", { exact: true })).toBeVisible();
  await expect(dialog.getByText("did nothing that could be tried out")).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Apply now" }).click();
  await expect(versions.getByText("To be signed")).toBeVisible();
  await versions.getByRole("button", { name: "Sign" }).click();
  await expect(versions.getByText("Active", { exact: true })).toHaveCount(1, { timeout: 30_000 });
  await expect(versions.getByText("Replaced")).toBeVisible({ timeout: 30_000 });

  await changePolicy(page, /"windowCap": "\d+"/, '"windowCap": "900000"');
  await expect(dialog.getByText("Wider", { exact: true })).toBeVisible();
  await dialog.getByRole("button", { name: "Stage it" }).click();
  await expect(versions.getByText("Waiting", { exact: true })).toBeVisible();
  // A development network waits for a quarter of a minute.
  await versions.getByRole("button", { name: "Sign" }).click({ timeout: 60_000 });
  await expect(versions.getByRole("row", { name: /3, wider/ }).getByText("Active", { exact: true })).toBeVisible({
    timeout: 30_000,
  });
  await expectAccessible(page);
});

test("somebody adds a passkey in the settings and makes an agent with it", async ({ page }) => {
  await addAuthenticator(page);
  await installWallet(page, { account: newWallet(), declines: "eth_signTypedData_v4" });
  await chooseWallet(page);
  await page.getByRole("button", { name: "Add passkey" }).click();
  await expect(page.getByText("The passkey was added")).toBeVisible();
  await expect(page.getByText("No passkey yet")).toHaveCount(0);
  await page.goto("/agents/new");
  await createAgent(page);
});

test("an agent acts with a key that its owner brings in a keystore, which is opened in the page alone", async ({
  page,
}) => {
  const key = generatePrivateKey();
  const { address } = privateKeyToAccount(key);
  const cheap = { n: 1_024, r: 8, p: 1, dklen: 32 } as const;
  const keystore = await lockKey(Uint8Array.from(hexToBytes(key)), address, "a long password", cheap);
  const sent: string[] = [];
  page.on("request", (request) => sent.push(request.postData() ?? ""));
  await installWallet(page, { account: newWallet() });
  await chooseWallet(page, "/agents/new");
  await expect(async () => {
    await page.getByLabel("Key", { exact: true }).selectOption("own");
    await expect(page.getByLabel("Its password")).toBeVisible({ timeout: 1_000 });
  }).toPass();
  const file = { name: "key.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(keystore)) };
  await page.getByLabel("File").setInputFiles(file);
  await page.getByLabel("Its password").fill("another password");
  await page.getByRole("button", { name: "Unlock" }).click();
  await expect(page.getByText("The password does not open this keystore")).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel("Its password").fill("a long password");
  await page.getByRole("button", { name: "Unlock" }).click();
  await expect(page.getByTitle(address)).toBeVisible();
  await createAgent(page);
  await expect(page.getByText("Key brought")).toBeVisible();
  await expect(page.getByTitle(address)).toBeVisible();
  expect(sent.filter((body) => body.includes(key.slice(2)) || body.includes("a long password"))).toEqual([]);
});

test("an address is found by its name, and one that only looks like it is warned of", async ({ page }) => {
  const landlord = newWallet().address;
  const twin = `${landlord.slice(0, 6)}${"1".repeat(32)}${landlord.slice(-4)}`;
  await installWallet(page, { account: newWallet() });
  await chooseWallet(page, "/agents/addresses");
  await page.getByRole("button", { name: "Add address" }).click();
  await page.getByLabel("Address", { exact: true }).fill(landlord);
  await page.getByLabel("Name").fill("Landlord");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(
    page
      .getByRole("row", { name: /Landlord/ })
      .getByTitle(landlord)
      .last(),
  ).toBeVisible();
  await expectAccessible(page);
  await page.goto("/agents/new");
  await page.getByRole("button", { name: "Add a recipient" }).click();
  const recipient = page.getByLabel("Recipient 1", { exact: true });
  await expect(async () => {
    await recipient.fill(twin);
    await expect(refusal(page).getByText("is not Landlord")).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await expectAccessible(page);
  await recipient.fill(landlord);
  await expect(page.getByText("Landlord, in your address book.")).toBeVisible();
  await createAgent(page);
  await expect(page.getByRole("listitem").filter({ hasText: /Pay\s*Landlord/ })).toBeVisible();
  await page.goto("/agents/addresses");
  await page.getByRole("link", { name: "Research buyer" }).click();
  await expect(page).toHaveURL(/\/agents\/agt_/);
});

test("a declined signature says so, and the wallet can be tried again", async ({ page }) => {
  await installWallet(page, { account: newWallet(), declines: "personal_sign" });
  await chooseWallet(page);
  await expect(refusal(page)).toHaveText("The request was declined in the wallet. Nothing was changed.");
  await expect(page.getByRole("button", { name: "Test Wallet" })).toBeEnabled();
});

test("a wallet on another network is told which one is meant", async ({ page }) => {
  await installWallet(page, { account: newWallet(), chainId: 1 });
  await chooseWallet(page);
  await expect(refusal(page)).toContainText("The wallet is on another network (chain 1). Switch it to chain 31337");
});

test("a wallet that knows the network is brought to it", async ({ page }) => {
  await installWallet(page, { account: newWallet(), chainId: 1, knowsNetwork: true });
  await chooseWallet(page);
  await expect(page).toHaveURL(/\/settings/);
});

test("a browser without a wallet is told what to do", async ({ page }) => {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Use a wallet instead" }).click();
  await expect(page.getByText("No browser wallet was found.")).toBeVisible();
});
