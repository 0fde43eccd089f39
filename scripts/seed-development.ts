import { createWalletClient, type Hex, http, publicActions } from "viem";
import { testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import { ensureDemoUser } from "#server/identity/demo-accounts.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { seedDemoCampaign } from "#server/rewards/seed-demo-campaign.ts";
import { ensureDepositAccount } from "#server/wallets/deposit-accounts.ts";

const CAMPAIGN_BUDGET = 50_000_000_000n;
const DEMO_USER_MONEY = 25_000_000n;

/**
 * Gives a development network its money: test dollars, really deposited in the Vault, for the demo campaign and the
 * demo user. The indexer credits them like anybody's deposit, so what the ledger owes is covered from the first cent.
 */
export async function seedDevelopment(): Promise<void> {
  const sql = sqlOf(pool);
  const campaign = await seedDemoCampaign(sql);
  const deposits = [
    { ref: await ensureDepositAccount(sql, campaign.account), amount: CAMPAIGN_BUDGET },
    { ref: await ensureDepositAccount(sql, userAccount(await ensureDemoUser("user"))), amount: DEMO_USER_MONEY },
  ];
  const { contracts } = loadDeployment();
  const chain = createWalletClient({ transport: http(env.CHAIN_RPC_URL), pollingInterval: 50 }).extend(publicActions);
  const [account, payout] = await chain.getAddresses();
  if (!account) throw new Error("The development chain has no unlocked account to deposit from.");
  // Where escrows pay the embedded node's owner.
  if (payout) {
    const userId = await ensureDemoUser("provider");
    await db.userWallet.createMany({ data: [{ address: payout, userId }], skipDuplicates: true });
  }
  const mined = (hash: Hex) => chain.waitForTransactionReceipt({ hash });
  for (const { ref, amount } of deposits) {
    // The chain itself says whether this was done: a second start deposits nothing.
    const made = await chain.getContractEvents({
      address: contracts.Vault,
      abi: vaultAbi,
      eventName: "Deposited",
      args: { account: ref },
      fromBlock: 0n,
    });
    if (made.length > 0) continue;
    const approve = {
      address: contracts.TestUSD,
      abi: testUsdAbi,
      functionName: "approve",
      args: [contracts.Vault, amount],
    } as const;
    await mined(await chain.writeContract({ account, chain: null, ...approve }));
    const deposit = { address: contracts.Vault, abi: vaultAbi, functionName: "deposit", args: [ref, amount] } as const;
    await mined(await chain.writeContract({ account, chain: null, ...deposit }));
  }
}
