import type { Address, Hex } from "viem";
import { encodeFunctionData, keccak256, stringToHex } from "viem/utils";
import type { z } from "zod";
import { DomainError } from "#core/errors.ts";
import { computeEscrowAbi } from "#core/generated/abis.ts";
import { newId } from "#core/ids.ts";
import { canonicalJson } from "#core/receipt.ts";
import { type claimStakeInput, claimStatus, type StakeClaimView, type StakeView } from "#core/schemas/stake.ts";
import type { StakeClaim } from "#generated/prisma/client.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { enqueueTransaction } from "#server/chain/outbox.ts";
import { db, pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { recordAdminAction } from "#server/identity/record-admin-action.ts";
import { OWN_ADDRESSES } from "../own-addresses.ts";
import { namesOf } from "../trust/list-challenges.ts";
import { OPEN_CLAIM, SETTLE_CLAIM } from "./chain-events.ts";

type Row = { address: string; total: bigint; leaving: bigint; locked: bigint; withdrawableAt: Date | null };

/** Each of a person's addresses, with what it has at stake. */
const readStakes = (sql: Sql, userId: string): Promise<Row[]> =>
  sql.query<Row>(
    `SELECT a.address, coalesce(s.total, 0)::bigint AS total, coalesce(s.leaving, 0)::bigint AS leaving,
       coalesce(s.locked, 0)::bigint AS locked, s.withdrawable_at AS "withdrawableAt"
     FROM (${OWN_ADDRESSES}) a LEFT JOIN provider_stake s ON s.address = a.address
     WHERE a.user_id = $1 ORDER BY total DESC, a.address`,
    [userId],
  );

const activeOf = ({ total, leaving, locked }: Row): bigint => {
  const bound = leaving + locked;
  return bound < total ? total - bound : 0n;
};

/** What stands behind the nodes of some people, by person. */
export async function activeStakes(userIds: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await sqlOf(pool).query<{ userId: string; active: bigint }>(
    `SELECT a.user_id AS "userId", sum(greatest(0, s.total - s.leaving - s.locked))::bigint AS active
     FROM (${OWN_ADDRESSES}) a JOIN provider_stake s ON s.address = a.address
     WHERE a.user_id = ANY($1) GROUP BY a.user_id`,
    [userIds],
  );
  return new Map(rows.map(({ userId, active }) => [userId, active]));
}

async function viewsOf(rows: readonly StakeClaim[]): Promise<StakeClaimView[]> {
  const names = await namesOf(rows.map(({ nodeId }) => nodeId));
  return rows.map((row) => ({
    id: row.id,
    nodeId: row.nodeId,
    nodeName: names.get(row.nodeId) ?? row.nodeId,
    address: row.address,
    amount: row.amount.toString(),
    slashed: row.slashed?.toString() ?? null,
    reason: row.reason,
    evidence: row.evidence,
    status: claimStatus.parse(row.status),
    respondBy: row.respondBy?.toISOString() ?? null,
    decideBy: row.decideBy?.toISOString() ?? null,
    transactionHash: row.transactionHash,
    error: row.error,
    createdAt: row.createdAt.toISOString(),
  }));
}

const CLAIMS_SHOWN = 50;
const SETTLE_AGAIN_MS = 10 * 60_000;

/** A provider's own stake, and the claims on it. */
export async function getStake(actor: Actor): Promise<StakeView> {
  const { contracts, chainId } = loadDeployment();
  const [rows, claims] = await Promise.all([
    readStakes(sqlOf(pool), actor.userId),
    db.stakeClaim.findMany({ where: { ownerId: actor.userId }, orderBy: { id: "desc" }, take: CLAIMS_SHOWN }),
  ]);
  return {
    asset: "USD",
    active: rows.reduce((sum, row) => sum + activeOf(row), 0n).toString(),
    total: rows.reduce((sum, row) => sum + row.total, 0n).toString(),
    escrow: contracts.ComputeEscrow,
    token: contracts.TestUSD,
    chainId,
    addresses: rows.map(({ address, total, leaving, locked, withdrawableAt }) => ({
      address,
      total: total.toString(),
      leaving: leaving.toString(),
      locked: locked.toString(),
      withdrawableAt: withdrawableAt?.toISOString() ?? null,
    })),
    claims: await viewsOf(claims),
  };
}

/** All claims, for the back office. */
export async function listClaims(): Promise<{ data: StakeClaimView[] }> {
  const rows = await db.stakeClaim.findMany({ orderBy: { id: "desc" }, take: CLAIMS_SHOWN });
  return { data: await viewsOf(rows) };
}

/**
 * Claims a part of the stake behind a node that is out of the market for cause. The contract holds it back; the provider
 * may contest within its time, and then the contracts' owner decides. What is taken goes to the Vault, from where the
 * back office makes good what renters lost.
 */
export async function claimStake(actor: Actor, input: z.output<typeof claimStakeInput>): Promise<StakeClaimView> {
  const amount = BigInt(input.units);
  const id = newId("stakeClaim");
  await withTransaction(async (sql) => {
    const [node] = await sql.query<{ ownerId: string; trust: string; trustReason: string | null }>(
      `SELECT owner_id AS "ownerId", trust, trust_reason AS "trustReason" FROM compute_node WHERE id = $1 FOR UPDATE`,
      [input.nodeId],
    );
    if (!node) throw new DomainError("NOT_FOUND");
    if (node.trust !== "suspended" && node.trust !== "banned") throw new DomainError("NODE_NOT_SUSPENDED");
    const stakes = await readStakes(sql, node.ownerId);
    // What is leaving can still be claimed: it is there until it is taken out.
    const source = stakes.find(({ total, locked }) => total - locked >= amount);
    if (!source) {
      const free = stakes.map(({ total, locked }) => total - locked).sort((left, right) => (left < right ? 1 : -1));
      throw new DomainError("STAKE_TOO_LOW", { available: (free[0] ?? 0n).toString() });
    }
    const [cause] = await sql.query<{ id: string; kind: string; details: unknown; endedAt: Date | null }>(
      `SELECT id, kind, details, ended_at AS "endedAt" FROM compute_challenge WHERE node_id = $1 AND status = 'failed'
       ORDER BY created_at DESC LIMIT 1`,
      [input.nodeId],
    );
    const evidence = keccak256(
      stringToHex(
        canonicalJson({
          node: input.nodeId,
          reason: input.reason,
          standing: node.trustReason,
          test: cause ? { id: cause.id, kind: cause.kind, endedAt: cause.endedAt?.toISOString() ?? null } : null,
        }),
      ),
    );
    const disputeId = keccak256(stringToHex(id));
    await sql.query(
      `INSERT INTO stake_claim (id, dispute_id, node_id, owner_id, address, amount, reason, evidence, challenge_id, status, claimed_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'ordered', $10)`,
      [
        id,
        disputeId,
        input.nodeId,
        node.ownerId,
        source.address,
        amount,
        input.reason,
        evidence,
        cause?.id ?? null,
        actor.userId,
      ],
    );
    const { contracts } = loadDeployment();
    await enqueueTransaction(sql, {
      key: `stake-claim:${id}`,
      to: contracts.ComputeEscrow,
      data: encodeFunctionData({
        abi: computeEscrowAbi,
        functionName: "openDispute",
        args: [disputeId, source.address as Address, contracts.Vault, amount, evidence],
      }),
      purpose: OPEN_CLAIM,
      refId: id,
    });
    await recordAdminAction(sql, {
      userId: actor.userId,
      action: "stake.claim",
      subject: input.nodeId,
      details: { claimId: id, units: input.units, reason: input.reason },
    });
  });
  return getClaim(id);
}

async function getClaim(id: string): Promise<StakeClaimView> {
  const [view] = await viewsOf(await db.stakeClaim.findMany({ where: { id } }));
  if (!view) throw new DomainError("NOT_FOUND");
  return view;
}

const orderSettling = (
  sql: Sql,
  claim: { id: string; disputeId: string },
  functionName: "dismissDispute" | "settleDispute",
  attempt: number,
) =>
  enqueueTransaction(sql, {
    key: `stake-claim:${claim.id}:${functionName}:${attempt}`,
    to: loadDeployment().contracts.ComputeEscrow,
    data: encodeFunctionData({ abi: computeEscrowAbi, functionName, args: [claim.disputeId as Hex] }),
    purpose: SETTLE_CLAIM,
    refId: claim.id,
  });

/** Gives a claim up: the stake is the provider's again. */
export async function dismissClaim(actor: Actor, { id }: { id: string }): Promise<StakeClaimView> {
  await withTransaction(async (sql) => {
    const [claim] = await sql.query<{ id: string; disputeId: string; nodeId: string }>(
      `SELECT id, dispute_id AS "disputeId", node_id AS "nodeId" FROM stake_claim
       WHERE id = $1 AND status IN ('open', 'contested') FOR UPDATE`,
      [id],
    );
    if (!claim) throw new DomainError("CLAIM_CLOSED");
    await orderSettling(sql, claim, "dismissDispute", 0);
    await recordAdminAction(sql, {
      userId: actor.userId,
      action: "stake.dismiss",
      subject: claim.nodeId,
      details: { claimId: id },
    });
  });
  return getClaim(id);
}

/**
 * Has the contract settle what its times decided: a claim nobody answered is upheld, one that was contested and not
 * decided falls. A loop; what the contract refuses all the same is asked for again after a while.
 */
export async function settleClaims(): Promise<{ settled: number }> {
  const [open] = await sqlOf(pool).query<{ count: number }>(
    "SELECT count(*)::int AS count FROM stake_claim WHERE status IN ('open', 'contested')",
  );
  if (!open?.count) return { settled: 0 };
  // Its times are the chain's, whatever the clock here says.
  const { timestamp } = await publicClient().getBlock();
  const chainNow = new Date(Number(timestamp) * 1_000);
  const due = await sqlOf(pool).query<{ id: string; disputeId: string }>(
    `SELECT id, dispute_id AS "disputeId" FROM stake_claim
     WHERE (status = 'open' AND respond_by < $1::timestamptz) OR (status = 'contested' AND decide_by < $1::timestamptz) LIMIT 50`,
    [chainNow.toISOString()],
  );
  const attempt = Math.floor(Date.now() / SETTLE_AGAIN_MS);
  for (const claim of due) await withTransaction((sql) => orderSettling(sql, claim, "settleDispute", attempt));
  return { settled: due.length };
}
