import { type Address, parseEther, zeroAddress } from "viem";
import { afterAll, describe, expect, it } from "vitest";
import { loadDeployment } from "#server/chain/deployments.ts";
import { listTokens } from "#server/chain/market.ts";
import { db, pool } from "#server/db.ts";
import { createAgent } from "#server/wallets/create-agent.ts";
import { createPerson, mined, outsideAccount, outsider } from "#server/wallets/testing/wallet-world.ts";
import { simulateMarket } from "./market/simulate-market.ts";
import { getPortfolio } from "./portfolio.ts";

afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("what an agent holds", () => {
  it("is dollars, what is traded, ether, and the tokens that its limits name, without a price where none is known", async () => {
    await simulateMarket(() => 0);
    const { contracts } = loadDeployment();
    const [traded] = await listTokens();
    // The shares of a pool are a token that nobody trades here; the Vault is no token at all.
    const [shares, noToken] = [traded?.pair as Address, contracts.Vault];
    const owner = await createPerson();
    const cap = { perTransaction: "1", perWindow: "1" };
    const { agent } = await createAgent(owner.actor, {
      name: "Holder",
      policy: {
        perTransactionCap: "1",
        windowCap: "1",
        windowSeconds: 3_600,
        validUntil: new Date(Date.now() + 86_400_000).toISOString(),
        caps: [shares, noToken, traded?.token as Address, zeroAddress].map((token) => ({ token, ...cap })),
        rules: [{ kind: "deposit" }],
      },
    });
    const value = parseEther("0.5");
    const from = { account: await outsideAccount(), chain: null };
    await mined(await outsider.sendTransaction({ ...from, to: agent.account as Address, value }));
    const { data } = await getPortfolio(owner.actor, { id: agent.id });
    const rows = data.map(({ token }) => token);
    expect(new Set(rows).size).toBe(rows.length);
    expect(rows).not.toContain(noToken);
    expect(data[0]).toMatchObject({ symbol: "USD", value: "0", shareBps: 0 });
    const ether = { symbol: "ETH", decimals: 18, amount: value.toString(), value: null, shareBps: null };
    expect(data.find(({ token }) => token === zeroAddress)).toMatchObject(ether);
    expect(data.at(-1)).toMatchObject({ token: shares, symbol: "UNI-V2", amount: "0", value: null, shareBps: null });
  });
});
