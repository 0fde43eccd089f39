import { createWalletClient, http, parseSignature } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { parseEther } from "viem/utils";
import { testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { pool, sqlOf } from "#server/db.ts";
import { env } from "#server/env.ts";
import { findSessionActor, openSession } from "#server/identity/sessions.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { releaseExpiredReservations } from "#server/ledger/release-expired-reservations.ts";
import { reserve } from "#server/ledger/reservations.ts";
import { ensureDepositAccount } from "#server/wallets/deposit-accounts.ts";
import { followUntilQuiet, mined, outsideAccount, outsider } from "#server/wallets/testing/wallet-world.ts";
import { type BenchRow, bounded } from "../../bench-row.ts";
import { anvil, createPayee, orderPayout, type Payee, timesPaid } from "./chain-world.ts";

const HOUR = 3_600;
const AMOUNT = 3_000n;

/** Deposits by a permit that is good until then; says whether the chain took it. */
async function depositByPermit({ person }: Payee, deadline: bigint): Promise<boolean> {
  const { TestUSD, Vault } = loadDeployment().contracts;
  const signer = privateKeyToAccount(generatePrivateKey());
  const wallet = createWalletClient({ account: signer, transport: http(env.CHAIN_RPC_URL) });
  await anvil.setBalance({ address: signer.address, value: parseEther("1") });
  const account = await outsideAccount();
  const token = { address: TestUSD, abi: testUsdAbi } as const;
  await mined(
    await outsider.writeContract({
      ...token,
      account,
      chain: null,
      functionName: "transfer",
      args: [signer.address, AMOUNT],
    }),
  );
  const name = await publicClient().readContract({ ...token, functionName: "name" });
  const signature = await signer.signTypedData({
    domain: { name, version: "1", chainId: env.CHAIN_ID, verifyingContract: TestUSD },
    types: {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    },
    primaryType: "Permit",
    message: { owner: signer.address, spender: Vault, value: AMOUNT, nonce: 0n, deadline },
  });
  const { r, s, yParity } = parseSignature(signature);
  const ref = await ensureDepositAccount(sqlOf(pool), userAccount(person.actor.userId));
  const hash = await wallet.writeContract({
    chain: null,
    address: Vault,
    abi: vaultAbi,
    functionName: "depositWithPermit",
    args: [ref, AMOUNT, deadline, yParity + 27, r, s],
    gas: 500_000n,
  });
  const { status } = await publicClient().waitForTransactionReceipt({ hash });
  return status === "success";
}

/** What goes wrong while the chain's clock is that much ahead of ours. */
async function liveWithSkew(skewS: number): Promise<string[]> {
  const wrong: string[] = [];
  const check = (isRight: boolean, what: string) => {
    if (!isRight) wrong.push(`${what} at ${skewS / HOUR} h`);
  };
  const turn = async () => {
    await anvil.request({ method: "anvil_setTime" as never, params: [Math.floor(Date.now() / 1000) + skewS] as never });
    await anvil.mine({ blocks: 1 });
  };
  if (skewS < 0) await turn();
  const payee = await createPayee();
  const { userId } = payee.person.actor;
  const opened = await openSession(userId, "passkey", "faults");
  const { reservationId } = await reserve({
    key: `fault:${newId("request")}`,
    account: userAccount(userId),
    amount: 1n,
    purpose: "fault",
    expiresAt: new Date(Date.now() + (HOUR / 2) * 1000),
  });

  const now = BigInt(Math.floor(Date.now() / 1000));
  if (skewS > 0) await turn();
  const { timestamp } = await publicClient().getBlock({ blockTag: "latest" });
  check(Math.abs(Number(timestamp - now) - skewS) < 120, "the clock was not turned");

  const payout = await orderPayout(payee);
  await followUntilQuiet();
  check((await timesPaid([payout]))[0] === 1, "a payout");
  // Half an hour to each side of our time lies on the other side of the chain's.
  const isGood = skewS < 0;
  const deadline = now + BigInt(isGood ? -HOUR / 2 : HOUR / 2);
  check((await depositByPermit(payee, deadline)) === isGood, "a permit's deadline");
  await followUntilQuiet();
  const { posted } = await getBalance(userAccount(userId));
  check(posted === 1_000_000n - 1_000n + (isGood ? AMOUNT : 0n), "the balance");
  check((await findSessionActor(opened))?.userId === userId, "a session opened before");
  check((await findSessionActor(await openSession(userId, "passkey", "faults")))?.userId === userId, "a new session");
  await releaseExpiredReservations();
  const { rows } = await pool.query<{ status: string }>("SELECT status FROM ledger_reservation WHERE id = $1", [
    reservationId,
  ]);
  check(rows[0]?.status === "open", "a reservation");
  return wrong;
}

const judge = (name: string, wrong: readonly string[]): BenchRow =>
  bounded(
    name,
    wrong.length,
    "things",
    "<= 0",
    wrong.length > 0 ? wrong.join("; ") : "payout paid, permit by the chain's time, session and reservation by ours",
  );

/** C6: the chain's clock an hour behind, before anything but the contracts is on it: no chain's time ever falls. */
export async function clockBehind(): Promise<BenchRow[]> {
  const wrong = await liveWithSkew(-HOUR);
  await anvil.request({ method: "anvil_setTime" as never, params: [Math.floor(Date.now() / 1000)] as never });
  await anvil.mine({ blocks: 1 });
  return [judge("C6 chain clock an hour behind: wrong", wrong)];
}

/** C6: the chain's clock an hour ahead. Nothing comes after it, because it stays there. */
export async function clockAhead(): Promise<BenchRow[]> {
  return [judge("C6 chain clock an hour ahead: wrong", await liveWithSkew(HOUR))];
}
