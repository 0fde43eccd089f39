import { createHash, createSign, generateKeyPairSync } from "node:crypto";
import { type Address, createWalletClient, type Hex, http, publicActions } from "viem";
import { toHex } from "viem/utils";
import { testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import type { OwnerSignature } from "#core/schemas/account.ts";
import { ALL_SCOPES } from "#core/scopes.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { indexChain } from "#server/chain/index-chain.ts";
import { registerFailureHandler } from "#server/chain/outbox.ts";
import { sendOutbox } from "#server/chain/send-outbox.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { Actor } from "#server/identity/actor.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { walletFailureHandlers, walletLogHandlers } from "../chain-events.ts";
import { countUnassignedTransfers } from "../count-unassigned-transfers.ts";
import { ensureDepositAccount } from "../deposit-accounts.ts";
import { sendDueWithdrawals } from "../send-due-withdrawals.ts";
import { settleClosedOrders } from "../settle-closed-orders.ts";
import { addWithdrawalAddress } from "../withdrawal-addresses.ts";

/** The development chain's unlocked account: outside money, as a depositor would have it. */
export const outsider = createWalletClient({ transport: http(env.CHAIN_RPC_URL), pollingInterval: 50 }).extend(
  publicActions,
);

export type Person = { actor: Actor; approve(hash: string): OwnerSignature };

/** A person with a passkey whose private half is in this process; or with a wallet instead. */
export async function createPerson(options: { wallet?: Address } = {}): Promise<Person> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = publicKey.export({ format: "jwk" });
  const word = (text: string | undefined) => toHex(Buffer.from(text ?? "", "base64url"), { size: 32 });
  const userId = newId("user");
  await db.user.create({ data: { id: userId, name: "Wallet test" } });
  if (options.wallet) await db.userWallet.create({ data: { address: options.wallet, userId } });
  else
    await db.passkey.create({
      data: {
        id: newId("passkey"),
        userId,
        credentialId: newId("passkey"),
        publicKey: Buffer.alloc(1),
        x: word(jwk.x),
        y: word(jwk.y),
        transports: [],
        name: "test",
      },
    });
  await ensureDepositAccount(sqlOf(pool), userAccount(userId));
  return {
    actor: { userId, roles: ["user"], via: "session", scopes: ALL_SCOPES },
    approve(hash) {
      const challenge = Buffer.from(hash.slice(2), "hex").toString("base64url");
      const clientDataJSON = JSON.stringify({
        type: "webauthn.get",
        challenge,
        origin: "http://localhost",
        crossOrigin: false,
      });
      const head = createHash("sha256").update("localhost").digest();
      const authenticatorData = Buffer.concat([head, Buffer.from([0x05, 0, 0, 0, 1])]);
      const clientHash = createHash("sha256").update(clientDataJSON).digest();
      const signature = createSign("sha256").update(authenticatorData).update(clientHash).sign(privateKey);
      return {
        kind: "passkey",
        authenticatorData: toHex(authenticatorData),
        clientDataJSON,
        signature: toHex(signature),
      };
    },
  };
}

export async function mined(hash: Hex): Promise<void> {
  const receipt = await outsider.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`The transaction ${hash} failed.`);
}

export async function outsideAccount(): Promise<Address> {
  const [account] = await outsider.getAddresses();
  if (!account) throw new Error("The development chain has no unlocked account.");
  return account;
}

/** Deposits real test dollars for a ledger account. */
export async function depositFor(accountCode: string, amount: bigint): Promise<void> {
  const { contracts } = loadDeployment();
  const ref = await ensureDepositAccount(sqlOf(pool), accountCode);
  const from = { account: await outsideAccount(), chain: null };
  await mined(
    await outsider.writeContract({
      ...from,
      address: contracts.TestUSD,
      abi: testUsdAbi,
      functionName: "approve",
      args: [contracts.Vault, amount],
    }),
  );
  await mined(
    await outsider.writeContract({
      ...from,
      address: contracts.Vault,
      abi: vaultAbi,
      functionName: "deposit",
      args: [ref, amount],
    }),
  );
}

/** Makes an address one that the person may withdraw to now: added, and its waiting time over. */
export async function knowAddress({ actor }: Person, address: string): Promise<void> {
  await addWithdrawalAddress(actor, { address });
  await pool.query("UPDATE withdrawal_address SET usable_at = now() WHERE user_id = $1 AND address = $2", [
    actor.userId,
    address,
  ]);
}

for (const [purpose, handler] of Object.entries(walletFailureHandlers)) registerFailureHandler(purpose, handler);

/** Does what the worker does until nothing is left to do: sends what is ordered and applies what happened. */
export async function followUntilQuiet(): Promise<void> {
  await ensurePlatformAccounts();
  for (let round = 0; round < 400; round++) {
    const outbox = await sendOutbox();
    const indexer = await indexChain(walletLogHandlers);
    await settleClosedOrders();
    await sendDueWithdrawals();
    await countUnassignedTransfers();
    const head = await publicClient().getBlockNumber();
    const cursor = await db.chainCursor.findUnique({ where: { name: "main" } });
    if (!outbox.pending && !indexer.pending && cursor?.blockNumber === head) return;
  }
  throw new Error("The chain did not come to rest.");
}
