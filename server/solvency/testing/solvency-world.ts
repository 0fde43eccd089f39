import { testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { indexChain } from "#server/chain/index-chain.ts";
import { sendOutbox } from "#server/chain/send-outbox.ts";
import { pool, sqlOf } from "#server/db.ts";
import { campaignAccount } from "#server/ledger/account-codes.ts";
import { listOwed } from "#server/ledger/list-owed.ts";
import { walletLogHandlers } from "#server/wallets/chain-events.ts";
import { depositFor, mined, outsideAccount, outsider } from "#server/wallets/testing/wallet-world.ts";
import { solvencyLogHandlers } from "../chain-events.ts";
import { closeSolvencyEpoch } from "../close-solvency-epoch.ts";

const { contracts } = loadDeployment();
export const reserves = () =>
  publicClient().readContract({ address: contracts.Vault, abi: vaultAbi, functionName: "reserves" });

/** Does what the worker does, solvency roots with it, until nothing is left to do. */
export async function follow(): Promise<void> {
  for (let round = 0; round < 400; round++) {
    const outbox = await sendOutbox();
    const indexer = await indexChain([...walletLogHandlers, ...solvencyLogHandlers]);
    const { rows } = await pool.query<{ block: bigint }>(
      "SELECT block_number AS block FROM chain_cursor WHERE name = 'main'",
    );
    if (!outbox.pending && !indexer.pending && rows[0]?.block === (await publicClient().getBlockNumber())) return;
  }
  throw new Error("The chain did not come to rest.");
}

/** A root waits for everything ordered before it; what other tests of this database ordered and left unsent never is. */
export const giveUpLeftovers = () =>
  pool.query("UPDATE chain_transaction SET status = 'failed', error = 'left by another test' WHERE status = 'queued'");

/** Anchors a root in which campaigns have so much that the money of rewards need not wait for the next one. */
export async function anchorBudget(units: bigint): Promise<void> {
  const account = campaignAccount(newId("campaign"));
  await giveUpLeftovers();
  await depositFor(account, units);
  await follow();
  await backEverything();
  const { opened } = await closeSolvencyEpoch({ afterChangeMs: 0, atLatestMs: 0 });
  if (opened === null) throw new Error("No root was ordered.");
  await follow();
}

/** Other tests of this database make money out of nothing; here it has to be backed, as every dollar of ours is. */
export async function backEverything(): Promise<void> {
  const owed = (await listOwed(sqlOf(pool), "USD")).reduce((sum, { balance }) => sum + balance, 0n);
  const missing = owed - (await reserves());
  if (missing <= 0n) return;
  const from = { account: await outsideAccount(), chain: null };
  const args = [contracts.Vault, missing] as const;
  await mined(
    await outsider.writeContract({
      ...from,
      address: contracts.TestUSD,
      abi: testUsdAbi,
      functionName: "transfer",
      args,
    }),
  );
}
