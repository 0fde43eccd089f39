import type { Hex } from "viem";
import { publicClient } from "#server/chain/client.ts";
import { indexChain } from "#server/chain/index-chain.ts";
import { db } from "#server/db.ts";
import { userAccount } from "#server/ledger/account-codes.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { walletLogHandlers } from "#server/wallets/chain-events.ts";
import { listDeposits } from "#server/wallets/list-deposits.ts";
import { createPerson, depositFor, followUntilQuiet } from "#server/wallets/testing/wallet-world.ts";
import { type BenchRow, bounded } from "../../bench-row.ts";
import { anvil } from "./chain-world.ts";

const DEPTHS = 12;
/** A reorganisation of twelve blocks is below this many confirmations. */
const CONFIRMATIONS = DEPTHS + 1;
const AMOUNT = 5_000n;

async function follow(): Promise<void> {
  while ((await indexChain(walletLogHandlers, { confirmations: CONFIRMATIONS })).pending);
}

type Outcome = { isCreditedRight: boolean; isShownRight: boolean };

/** A deposit that lies `depth` blocks deep is reorganised away, and perhaps sent again. */
async function reorganise(depth: number, comesBack: boolean): Promise<Outcome> {
  const { actor } = await createPerson();
  const account = userAccount(actor.userId);
  await anvil.mine({ blocks: CONFIRMATIONS });
  await follow();
  await depositFor(account, AMOUNT);
  const made = await publicClient().getBlock({ blockTag: "latest" });
  const raw = await anvil.request({
    method: "eth_getRawTransactionByHash" as never,
    params: [made.transactions[0]] as never,
  });
  if (depth > 1) await anvil.mine({ blocks: depth - 1 });
  await follow();
  const shownBefore = (await listDeposits(actor)).data;
  await anvil.request({ method: "anvil_reorg" as never, params: [depth, []] as never });
  await follow();
  const shownAfter = (await listDeposits(actor)).data;
  if (comesBack) await anvil.sendRawTransaction({ serializedTransaction: raw as Hex });
  await anvil.mine({ blocks: CONFIRMATIONS });
  await Promise.all([follow(), follow()]);
  await follow();
  const { posted } = await getBalance(account);
  const isShownRight =
    shownBefore.length === 1 &&
    shownBefore[0]?.status === "pending" &&
    shownBefore[0].confirmations === Math.min(depth, shownBefore[0].needed) &&
    shownAfter.length === 0;
  return { isCreditedRight: posted === (comesBack ? AMOUNT : 0n), isShownRight };
}

/** C1: reorganisations one to twelve deep, of a deposit that is not confirmed yet. */
export async function reorganisations(): Promise<BenchRow[]> {
  await followUntilQuiet();
  const outcomes: Outcome[] = [];
  for (let depth = 1; depth <= DEPTHS; depth++) {
    outcomes.push(await reorganise(depth, true), await reorganise(depth, false));
  }
  const wrong = outcomes.filter(({ isCreditedRight }) => !isCreditedRight).length;
  const misshown = outcomes.filter(({ isShownRight }) => !isShownRight).length;
  const cursor = await db.chainCursor.findUniqueOrThrow({ where: { name: "main" } });
  const note = `${outcomes.length} deposits, depth 1 to ${DEPTHS}, half of them included again`;
  return [
    bounded("C1 deposits credited wrongly after a reorg", wrong, "deposits", "<= 0", note),
    bounded("C1 deposits shown wrongly meanwhile", misshown, "deposits", "<= 0", "pending before, gone after"),
    bounded("C1 indexer halted by it", cursor.status === "halted" ? 1 : 0, "times", "<= 0"),
  ];
}
