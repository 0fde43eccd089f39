import { randomBytes } from "node:crypto";
import { type Hex, zeroAddress, zeroHash } from "viem";
import { bytesToHex } from "viem/utils";
import { testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import type { Sql } from "#server/db.ts";
import { CASHOUT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { listOwed } from "#server/ledger/list-owed.ts";
import { chainHead } from "#server/ledger/seal-batches.ts";
import { orderedFunding } from "#server/rewards/ordered-funding.ts";
import { listExitAddresses } from "#server/wallets/list-exit-addresses.ts";
import { listOrderedWithdrawals } from "#server/wallets/list-ordered-withdrawals.ts";
import type { AccountLeaf } from "./build-epoch-tree.ts";

export type Snapshot = {
  accounts: AccountLeaf[];
  /** All that the ledger owes, also what is ordered and not seen as paid yet. */
  owed: bigint;
  head: { link: bigint; hash: string };
  /** The last block whose events the ledger has, and what the Vault was at its end. */
  block: bigint;
  depositsCounted: bigint;
  reserves: bigint;
};

/**
 * What every account is owed in one snapshot: `sql` is a transaction with repeatable reads, begun while nothing could be
 * ordered. Payments that are ordered come before the root, so they are in the balances no more. Null while the indexer has
 * read nothing or is halted: then nobody can say which deposits are in the balances.
 */
export async function takeSnapshot(sql: Sql): Promise<Snapshot | null> {
  const [cursor] = await sql.query<{ block: bigint; status: string }>(
    "SELECT block_number AS block, status FROM chain_cursor WHERE name = 'main'",
  );
  if (!cursor || cursor.status === "halted" || cursor.block < 0n) return null;
  const owed = await listOwed(sql, "USD");
  const leaving = new Map((await listOrderedWithdrawals(sql)).map(({ code, amount }) => [code, amount]));
  const funding = await orderedFunding(sql);
  if (funding > 0n) leaving.set(CASHOUT_ACCOUNT, (leaving.get(CASHOUT_ACCOUNT) ?? 0n) + funding);
  const addresses = await listExitAddresses(sql);
  const salts = await readSalts(
    sql,
    owed.map(({ code }) => code),
  );
  const head = await chainHead(sql);
  return {
    accounts: owed.map(({ code, balance }) => ({
      code,
      exitTo: addresses.get(code) ?? zeroAddress,
      balance: balance - (leaving.get(code) ?? 0n),
      salt: salts.get(code) ?? zeroHash,
    })),
    owed: owed.reduce((sum, { balance }) => sum + balance, 0n),
    head: { link: head?.link ?? 0n, hash: head?.hash ?? zeroHash },
    block: cursor.block,
    ...(await readVault(cursor.block)),
  };
}

async function readVault(blockNumber: bigint): Promise<{ depositsCounted: bigint; reserves: bigint }> {
  const { Vault, TestUSD } = loadDeployment().contracts;
  const [depositsCounted, reserves] = await Promise.all([
    publicClient().readContract({ address: Vault, abi: vaultAbi, functionName: "depositCount", blockNumber }),
    publicClient().readContract({
      address: TestUSD,
      abi: testUsdAbi,
      functionName: "balanceOf",
      args: [Vault],
      blockNumber,
    }),
  ]);
  return { depositsCounted, reserves };
}

/** The salt of each account; who has none gets one, for good. */
async function readSalts(sql: Sql, codes: readonly string[]): Promise<Map<string, Hex>> {
  const known = await sql.query<{ code: string; salt: Hex }>("SELECT account_code AS code, salt FROM solvency_salt");
  const salts = new Map(known.map(({ code, salt }) => [code, salt]));
  const missing = codes.filter((code) => !salts.has(code));
  for (const code of missing) salts.set(code, bytesToHex(randomBytes(32)));
  await sql.query("INSERT INTO solvency_salt (account_code, salt) SELECT * FROM unnest($1::text[], $2::text[])", [
    missing,
    missing.map((code) => salts.get(code)),
  ]);
  return salts;
}
