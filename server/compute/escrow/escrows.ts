import { randomBytes } from "node:crypto";
import { type Address, type Hex, zeroHash } from "viem";
import { encodeFunctionData, toHex } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { computeEscrowAbi, testUsdAbi } from "#core/generated/abis.ts";
import {
  type EscrowCall,
  type EscrowsOutput,
  type EscrowView,
  escrowStatus,
  type VoucherView,
} from "#core/schemas/escrow.ts";
import type { Escrow } from "#generated/prisma/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { escrowAccount, escrowEarnedAccount } from "#server/ledger/account-codes.ts";
import { getBalances } from "#server/ledger/get-balance.ts";
import { OWN_ADDRESSES } from "../own-addresses.ts";
import { voucherSigner } from "./voucher-signer.ts";

const SHOWN = 100;
const VOUCHERS_SHOWN = 20;

async function viewsOf(actor: Actor, rows: readonly Escrow[]): Promise<EscrowView[]> {
  const codes = rows.flatMap(({ id }) => [escrowAccount(id), escrowEarnedAccount(id)]);
  const [balances, nodes] = await Promise.all([
    getBalances(codes),
    db.computeNode.findMany({
      where: { ownerId: { in: rows.flatMap(({ providerId }) => providerId ?? []) }, status: { not: "removed" } },
      orderBy: { joinedAt: "desc" },
      select: { ownerId: true, name: true },
    }),
  ]);
  const names = new Map(nodes.map(({ ownerId, name }) => [ownerId, name]));
  return rows.map((row) => {
    const open = balances.get(escrowAccount(row.id));
    const due = balances.get(escrowEarnedAccount(row.id))?.posted ?? 0n;
    return {
      id: row.id,
      isRenter: row.ownerId === actor.userId,
      isProvider: row.providerId === actor.userId,
      payer: row.payer,
      provider: row.provider,
      nodeName: (row.providerId && names.get(row.providerId)) || null,
      agentId: row.agentId,
      asset: "USD",
      deposited: row.deposited.toString(),
      earned: (row.settled + due).toString(),
      settled: row.settled.toString(),
      reserved: (open?.reserved ?? 0n).toString(),
      available: (row.status === "closed" ? 0n : (open?.available ?? 0n)).toString(),
      status: escrowStatus.parse(row.status),
      closableAt: row.closableAt?.toISOString() ?? null,
      transactionHash: row.transactionHash,
      openedAt: row.openedAt.toISOString(),
    };
  });
}

/** The escrows that a person pays from or is paid by; a key of an agent sees that agent's. */
export async function listEscrows(actor: Actor): Promise<EscrowsOutput> {
  const { contracts, chainId } = loadDeployment();
  const mine = actor.agentId
    ? { agentId: actor.agentId }
    : { OR: [{ ownerId: actor.userId }, { providerId: actor.userId }] };
  const [rows, signer] = await Promise.all([
    db.escrow.findMany({ where: mine, orderBy: { openedAt: "desc" }, take: SHOWN }),
    voucherSigner(),
  ]);
  return {
    data: await viewsOf(actor, rows),
    contract: contracts.ComputeEscrow,
    signer,
    token: contracts.TestUSD,
    chainId,
  };
}

async function findMine(actor: Actor, id: string, as: "renter" | "either"): Promise<Escrow> {
  const renter = { ownerId: actor.userId, ...(actor.agentId ? { agentId: actor.agentId } : {}) };
  const either = actor.agentId ? [renter] : [renter, { providerId: actor.userId }];
  const escrow = await db.escrow.findFirst({ where: { id, OR: as === "renter" ? [renter] : either } });
  if (!escrow) throw new DomainError("ESCROW_NOT_FOUND");
  return escrow;
}

/** The vouchers of an escrow, newest first, each with the receipts that it added: enough to check every root. */
export async function listVouchers(
  actor: Actor,
  { id, before }: { id: string; before?: number | undefined },
): Promise<{ data: VoucherView[] }> {
  const escrow = await findMine(actor, id, "either");
  const rows = await db.escrowVoucher.findMany({
    where: { escrowId: escrow.id, ...(before === undefined ? {} : { number: { lt: before } }) },
    orderBy: { number: "desc" },
    take: VOUCHERS_SHOWN + 1,
  });
  const shown = rows.slice(0, VOUCHERS_SHOWN);
  const receipts = await db.escrowReceipt.findMany({
    where: { escrowId: escrow.id, voucher: { in: shown.map(({ number }) => number) } },
    orderBy: { number: "asc" },
  });
  return {
    data: shown.map((row, i) => ({
      number: row.number,
      leaseId: row.escrowId,
      cumulative: row.cumulative.toString(),
      receiptsRoot: row.receiptsRoot,
      previousRoot: rows[i + 1]?.receiptsRoot ?? zeroHash,
      signature: row.signature,
      receipts: receipts
        .filter(({ voucher }) => voucher === row.number)
        .map(({ receiptId, digest, amount }) => ({ receiptId, digest, amount: amount.toString() })),
      createdAt: row.createdAt.toISOString(),
    })),
  };
}

const toEscrow = (data: Hex): EscrowCall => ({ target: loadDeployment().contracts.ComputeEscrow, data });

const allow = (amount: bigint): EscrowCall => {
  const { TestUSD, ComputeEscrow } = loadDeployment().contracts;
  const data = encodeFunctionData({ abi: testUsdAbi, functionName: "approve", args: [ComputeEscrow, amount] });
  return { target: TestUSD, data };
};

/** Where a provider is paid on the chain: their own account here, or else a wallet of theirs. */
async function providerAddress(nodeId: string): Promise<Address> {
  const node = await db.computeNode.findUnique({ where: { id: nodeId }, select: { ownerId: true, status: true } });
  if (!node || node.status === "removed") throw new DomainError("NOT_FOUND", { param: "nodeId" });
  const [own] = await sqlOf(pool).query<{ address: Address }>(
    `SELECT address FROM (${OWN_ADDRESSES}) a WHERE user_id = $1
     ORDER BY NOT EXISTS (SELECT 1 FROM personal_account p WHERE lower(p.address) = a.address), address LIMIT 1`,
    [node.ownerId],
  );
  if (!own) throw new DomainError("ESCROW_PROVIDER_UNREACHABLE");
  return own.address;
}

type Calls = { calls: EscrowCall[] };

/**
 * The calls that open an escrow with the provider of a node, for its payer to make: a batch of their account here, or
 * transactions of any wallet of theirs. Nothing is kept of a plan; what happened is read from the chain.
 */
export async function planOpening(input: { nodeId: string; units: string }): Promise<Calls> {
  const amount = BigInt(input.units);
  const [provider, signer] = await Promise.all([providerAddress(input.nodeId), voucherSigner()]);
  const open = encodeFunctionData({
    abi: computeEscrowAbi,
    functionName: "openLease",
    args: [provider, signer, toHex(randomBytes(32)), amount],
  });
  return { calls: [allow(amount), toEscrow(open)] };
}

async function findOpen(actor: Actor, id: string): Promise<Hex> {
  const escrow = await findMine(actor, id, "renter");
  if (escrow.status !== "open") throw new DomainError("ESCROW_CLOSED");
  return escrow.id as Hex;
}

/** The calls that add money to an open escrow. */
export async function planTopUp(actor: Actor, input: { id: string; units: string }): Promise<Calls> {
  const amount = BigInt(input.units);
  const args = [await findOpen(actor, input.id), amount] as const;
  const add = encodeFunctionData({ abi: computeEscrowAbi, functionName: "topUp", args });
  return { calls: [allow(amount), toEscrow(add)] };
}

/** The call that ends an escrow: what was earned is settled, and the rest comes back when its time is over. */
export async function planClosing(actor: Actor, { id }: { id: string }): Promise<Calls> {
  const args = [await findOpen(actor, id)] as const;
  return { calls: [toEscrow(encodeFunctionData({ abi: computeEscrowAbi, functionName: "requestClose", args }))] };
}
