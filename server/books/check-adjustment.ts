import type { AdjustmentContent, AdjustmentSource } from "#core/adjustment.ts";
import { DomainError } from "#core/errors.ts";
import type { Sql } from "#server/db.ts";
import { mayOverdraw, VAULT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { UNCLAIMED_ACCOUNT } from "#server/wallets/count-unassigned-transfers.ts";
import type { ChainFact } from "./read-chain-source.ts";

type Transfers = AdjustmentContent["transfers"];

const refuse = (message: string): never => {
  throw new DomainError("ADJUSTMENT_REFUSED", { message });
};

/** What leaves an account, less what comes to it. */
const netFrom = (transfers: Transfers, account: string): bigint =>
  transfers.reduce(
    (sum, { debit, credit, units }) =>
      sum + (debit === account ? BigInt(units) : 0n) - (credit === account ? BigInt(units) : 0n),
    0n,
  );

const touches = (transfers: Transfers, account: string): boolean =>
  transfers.some(({ debit, credit }) => debit === account || credit === account);

/**
 * Refuses what the audit would find afterwards. Money from nowhere is never allowed: the Vault's account moves by exactly what
 * an event at the Vault says and the ledger lacks, and unclaimed money by exactly one transfer that came without a deposit.
 *
 * Call it in the transaction that posts: callers with one source wait for each other here.
 */
export async function checkAdjustment(
  sql: Sql,
  { source, transfers }: Pick<AdjustmentContent, "source" | "transfers">,
  fact: ChainFact | null,
): Promise<void> {
  await checkAccounts(sql, transfers);
  const hasVault = touches(transfers, VAULT_ACCOUNT);
  const hasUnclaimed = touches(transfers, UNCLAIMED_ACCOUNT);
  if (hasVault && (source === null || source.kind === "unassigned"))
    refuse("The Vault's account moves only for a deposit or a payment on the chain. Name its transaction.");
  if (hasUnclaimed && source?.kind !== "unassigned")
    refuse("Unclaimed money is given away one transfer at a time. Name the transfer it came with.");
  if (!source) return;
  const key = `${source.transactionHash}:${source.logIndex}`;
  await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 3))::text", [`adjustment ${key}`]);
  if (source.kind === "unassigned") return checkUnassigned(sql, source, transfers);
  if (!hasVault) refuse("An adjustment that explains a deposit or a payment moves the Vault's account.");
  await checkVault(sql, source, transfers, fact ?? { amount: 0n, withdrawalId: null });
}

async function checkAccounts(sql: Sql, transfers: Transfers): Promise<void> {
  const codes = [...new Set(transfers.flatMap(({ debit, credit }) => [debit, credit]))];
  for (const { debit, credit } of transfers) if (debit === credit) throw new DomainError("ACCOUNTS_EQUAL");
  const outside = codes.find((code) => mayOverdraw(code) && code !== VAULT_ACCOUNT);
  if (outside) refuse(`${outside} stands for money that no chain can vouch for. An adjustment does not touch it.`);
  const known = await sql.query<{ code: string; asset: string }>(
    "SELECT code, asset FROM ledger_account WHERE root_id IS NULL AND code = ANY ($1::text[])",
    [codes],
  );
  for (const code of codes) {
    const account = known.find((candidate) => candidate.code === code);
    if (!account)
      throw new DomainError("ACCOUNT_NOT_FOUND", { account: code, message: `There is no ledger account ${code}.` });
    if (account.asset !== "USD") refuse(`${code} is kept in ${account.asset}; adjustments are in dollars.`);
  }
}

/** All of one transfer, and each of them once. */
async function checkUnassigned(
  sql: Sql,
  { transactionHash, logIndex }: AdjustmentSource,
  transfers: Transfers,
): Promise<void> {
  const [found] = await sql.query<{ amount: string | null; taken: string | null }>(
    `SELECT (SELECT t.amount::text FROM ledger_key k JOIN ledger_transfer t ON t.id = k.transfer_id
        JOIN ledger_account a ON a.id = t.credit_id AND split_part(a.code, '/', 1) = $3
        WHERE k.key IN ('unassigned:' || $1 || ':' || $2, 'deposit:' || $1 || ':' || $2)) AS amount,
      (SELECT id FROM adjustment WHERE source_transaction = $1 AND source_log_index = $2::int AND source_kind = 'unassigned'
        AND status = 'posted') AS taken`,
    [transactionHash, String(logIndex), UNCLAIMED_ACCOUNT],
  );
  if (!found?.amount) return refuse("The ledger has no unclaimed money that came with this transfer.");
  if (found.taken) return refuse(`${found.taken} gave this transfer away already.`);
  if (transfers.some(({ credit }) => credit === UNCLAIMED_ACCOUNT)) refuse("Nothing is made unclaimed by hand.");
  if (netFrom(transfers, UNCLAIMED_ACCOUNT) !== BigInt(found.amount))
    refuse(`All of the transfer is given away at once: ${found.amount} base units.`);
}

/** What the chain moved less what the ledger has of it, whoever booked it. */
async function checkVault(sql: Sql, source: AdjustmentSource, transfers: Transfers, fact: ChainFact): Promise<void> {
  const [booked] = await sql.query<{ amount: string }>(
    `SELECT (coalesce((SELECT t.amount FROM ledger_key k JOIN ledger_transfer t ON t.id = k.transfer_id
          WHERE $3 = 'deposit' AND k.key = 'deposit:' || $1 || ':' || $2), 0)
      + coalesce((SELECT sum(t.amount) FROM withdrawal w JOIN ledger_transfer t ON t.reservation_id = w.reservation_id
          JOIN ledger_account a ON a.id = t.credit_id AND split_part(a.code, '/', 1) = $5 WHERE w.chain_id = $4), 0)
      + coalesce((SELECT sum(t.amount) FROM reward_epoch e JOIN ledger_key k ON k.key = 'epoch-settle:' || e.number
          JOIN ledger_transfer t ON t.id = k.transfer_id WHERE lower(e.withdrawal_id) = $4), 0)
      + coalesce((SELECT sum(CASE WHEN (t.debit = $5) = ($3 = 'deposit') THEN t.amount ELSE -t.amount END)
          FROM adjustment a JOIN adjustment_transfer t ON t.adjustment_id = a.id AND $5 IN (t.debit, t.credit)
          WHERE a.status = 'posted' AND a.source_kind = $3 AND a.source_transaction = $1 AND a.source_log_index = $2::int), 0))::text AS amount`,
    [source.transactionHash, String(source.logIndex), source.kind, fact.withdrawalId, VAULT_ACCOUNT],
  );
  const missing = fact.amount - BigInt(booked?.amount ?? "0");
  const fromVault = netFrom(transfers, VAULT_ACCOUNT);
  const moved = source.kind === "deposit" ? fromVault : -fromVault;
  if (missing === 0n) refuse("The ledger has this event of the Vault as it was, to the last unit, or there is none.");
  if (moved !== missing)
    refuse(
      `The Vault moved ${fact.amount} base units there; ${missing} of them are missing from the ledger, not ${moved}.`,
    );
}
