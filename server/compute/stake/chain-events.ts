import { computeEscrowAbi } from "#core/generated/abis.ts";
import { type LogHandler, onEvent } from "#server/chain/index-chain.ts";
import { type FailureHandler, registerFailureHandler } from "#server/chain/outbox.ts";
import type { Sql } from "#server/db.ts";
import { log } from "#server/log.ts";

export const OPEN_CLAIM = "stake-claim";
export const SETTLE_CLAIM = "stake-claim-settle";

const common = { contract: "ComputeEscrow", abi: computeEscrowAbi } as const;
const toDate = (seconds: bigint): Date => new Date(Number(seconds) * 1_000);

const staked = onEvent({
  ...common,
  event: "Staked",
  apply: async (sql, { args }) => {
    await sql.query(
      `INSERT INTO provider_stake (address, total) VALUES ($1, $2)
       ON CONFLICT (address) DO UPDATE SET total = provider_stake.total + excluded.total`,
      [args.provider.toLowerCase(), args.amount],
    );
  },
});

const leaving = onEvent({
  ...common,
  event: "StakeLeaving",
  apply: async (sql, { args }) => {
    await sql.query("UPDATE provider_stake SET leaving = $2, withdrawable_at = $3 WHERE address = $1", [
      args.provider.toLowerCase(),
      args.amount,
      toDate(args.withdrawableAt),
    ]);
  },
});

const withdrawn = onEvent({
  ...common,
  event: "StakeWithdrawn",
  apply: async (sql, { args }) => {
    await sql.query("UPDATE provider_stake SET total = total - $2, leaving = leaving - $2 WHERE address = $1", [
      args.provider.toLowerCase(),
      args.amount,
    ]);
  },
});

const opened = onEvent({
  ...common,
  event: "DisputeOpened",
  apply: async (sql, { args, transactionHash }) => {
    await sql.query("UPDATE provider_stake SET locked = locked + $2 WHERE address = $1", [
      args.provider.toLowerCase(),
      args.amount,
    ]);
    const [ours] = await sql.query(
      `UPDATE stake_claim SET status = 'open', respond_by = $2, transaction_hash = $3 WHERE dispute_id = $1 RETURNING id`,
      [args.disputeId, toDate(args.respondBy), transactionHash],
    );
    if (!ours)
      log.error(
        { event: "stake.foreign-claim", disputeId: args.disputeId, transactionHash },
        "a stake was claimed that nobody here ordered; whoever holds the operator's key has to be found",
      );
  },
});

const contested = onEvent({
  ...common,
  event: "DisputeContested",
  apply: async (sql, { args }) => {
    await sql.query("UPDATE stake_claim SET status = 'contested', decide_by = $2 WHERE dispute_id = $1", [
      args.disputeId,
      toDate(args.decideBy),
    ]);
  },
});

/** Frees what a claim held. The contract names the amount only where it took something; the row knows it always. */
const unlock = (sql: Sql, disputeId: string, status: "upheld" | "dismissed", slashed: bigint, at: Date) =>
  sql.query(
    `WITH claim AS (
       UPDATE stake_claim SET status = $2, slashed = $3, closed_at = $4 WHERE dispute_id = $1 RETURNING address, amount)
     UPDATE provider_stake s SET locked = s.locked - claim.amount, total = s.total - $3::bigint,
       leaving = least(s.leaving, s.total - $3::bigint)
     FROM claim WHERE s.address = claim.address`,
    [disputeId, status, slashed, at],
  );

const upheld = onEvent({
  ...common,
  event: "DisputeUpheld",
  apply: async (sql, { args, at }) => {
    await unlock(sql, args.disputeId, "upheld", args.slashed, at);
  },
});

const dismissed = onEvent({
  ...common,
  event: "DisputeDismissed",
  apply: async (sql, { args, at }) => {
    await unlock(sql, args.disputeId, "dismissed", 0n, at);
  },
});

/** What the compute room hears of the chain. */
export const stakeLogHandlers: readonly LogHandler[] = [
  staked,
  leaving,
  withdrawn,
  opened,
  contested,
  upheld,
  dismissed,
];

/** A claim the contract refused took nothing; the stake may have left meanwhile. */
const failClaim: FailureHandler = async (sql, { refId, error }) => {
  await sql.query(
    "UPDATE stake_claim SET status = 'failed', error = $2, closed_at = now() WHERE id = $1 AND status = 'ordered'",
    [refId, error],
  );
};

/** Settling is tried again by its loop, under another key; what stands on the chain decides. */
const failSettling: FailureHandler = async (_sql, { refId, error }) => {
  log.warn({ event: "stake.unsettled", claimId: refId, reason: error });
};

export function registerStakeFailures(): void {
  registerFailureHandler(OPEN_CLAIM, failClaim);
  registerFailureHandler(SETTLE_CLAIM, failSettling);
}
