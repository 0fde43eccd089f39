import { computeEscrowAbi, rewardsDistributorAbi, testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { readEvents } from "#server/chain/read-events.ts";
import type { Sql } from "#server/db.ts";
import { VAULT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { listArchivedKeys } from "#server/ledger/archive/archived-transfers.ts";
import type { AuditFinding } from "#server/ledger/audit-ledger.ts";
import { getBalances } from "#server/ledger/get-balance.ts";
import { listOwed } from "#server/ledger/list-owed.ts";
import { depositRef } from "#server/wallets/deposit-accounts.ts";
import { readExplained } from "./audit-adjustments.ts";

type Booked = { key: string; amount: bigint; account: string };
const finding = (where: string, problem: string): AuditFinding => ({ where, problem });
const vaultContract = () => ({ address: loadDeployment().contracts.Vault, abi: vaultAbi }) as const;

/** The ledger's transfers whose keys begin so, with the account on the other side than the Vault. */
const bookedAs = (sql: Sql, prefix: string): Promise<Booked[]> =>
  sql.query(
    `SELECT t.key, t.amount, split_part(CASE WHEN d.code LIKE $2 THEN c.code ELSE d.code END, '/', 1) AS account
     FROM ledger_transfer t JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
     WHERE starts_with(t.key, $1)`,
    [prefix, `${VAULT_ACCOUNT}%`],
  );

/**
 * Every deposit at the Vault is in the ledger once, as much and for whom it says, or with what adjustments added for it; and
 * the ledger has no other.
 */
export async function auditDeposits(sql: Sql, toBlock: bigint): Promise<AuditFinding[]> {
  const booked = new Map((await bookedAs(sql, "deposit:")).map((row) => [row.key, row]));
  const archived = await listArchivedKeys(sql, "deposit:");
  const known = await sql.query<{ ref: string; code: string }>("SELECT ref, account_code AS code FROM deposit_account");
  const codes = new Map(known.map(({ ref, code }) => [ref, code]));
  const explained = await readExplained(sql, "deposit");
  const findings: AuditFinding[] = known
    .filter(({ ref, code }) => depositRef(code) !== ref)
    .map(({ ref, code }) => finding(`deposit reference ${ref}`, `it is not that of ${code}`));
  for (const { args, transactionHash, logIndex } of await readEvents(vaultContract(), "Deposited", toBlock)) {
    const key = `deposit:${transactionHash}:${logIndex}`;
    const where = `deposit ${args.index}, transaction ${transactionHash}`;
    const row = booked.get(key);
    booked.delete(key);
    const code = codes.get(args.account.toLowerCase());
    const added = explained.get(`${transactionHash}:${logIndex}`);
    const amount = (row?.amount ?? 0n) + (added ?? 0n);
    if (!row && archived.has(key)) continue;
    if (!row && added === undefined)
      findings.push(finding(where, `${args.amount} came to the Vault and are not in the ledger`));
    else if (amount !== args.amount)
      findings.push(finding(where, `${args.amount} came to the Vault, the ledger has ${amount}`));
    else if (row && code !== row.account && row.account !== "platform:unclaimed")
      findings.push(finding(where, `it was for ${code ?? args.account}, the ledger gave it to ${row.account}`));
  }
  for (const { key, amount } of booked.values())
    if (amount + (explained.get(key.slice("deposit:".length)) ?? 0n) !== 0n)
      findings.push(finding(`transfer ${key}`, `the ledger has a deposit of ${amount} that never came to the Vault`));
  return findings;
}

/** Tokens that came to the Vault without a deposit, and are counted as unclaimed. */
export async function auditUnclaimed(sql: Sql, toBlock: bigint): Promise<AuditFinding[]> {
  const { Vault, TestUSD } = loadDeployment().contracts;
  const booked = await bookedAs(sql, "unassigned:");
  if (booked.length === 0) return [];
  const transfers = await readEvents({ address: TestUSD, abi: testUsdAbi }, "Transfer", toBlock);
  const came = new Map(
    transfers
      .filter(({ args }) => args.to.toLowerCase() === Vault.toLowerCase())
      .map(({ args, transactionHash, logIndex }) => [`unassigned:${transactionHash}:${logIndex}`, args.value]),
  );
  return booked
    .filter(({ key, amount }) => came.get(key) !== amount)
    .map(({ key, amount }) =>
      finding(`transfer ${key}`, `the ledger has ${amount} that came to the Vault as ${came.get(key) ?? 0n}`),
    );
}

/** Every call that was paid for by itself is a transfer to the Vault, by that payer, of that much. */
export async function auditCalls(sql: Sql, toBlock: bigint): Promise<AuditFinding[]> {
  const booked = await sql.query<{ key: string; amount: bigint; payer: string | null; transactionHash: string | null }>(
    `SELECT t.key, t.amount, p.payer, p.transaction_hash AS "transactionHash"
     FROM ledger_transfer t LEFT JOIN x402_payment p ON p.id = substr(t.key, 6) WHERE starts_with(t.key, 'x402:')`,
  );
  if (booked.length === 0) return [];
  const { Vault, TestUSD } = loadDeployment().contracts;
  const transfers = await readEvents({ address: TestUSD, abi: testUsdAbi }, "Transfer", toBlock);
  const came = new Set(
    transfers
      .filter(({ args }) => args.to.toLowerCase() === Vault.toLowerCase())
      .map(({ args, transactionHash }) => `${transactionHash} ${args.from.toLowerCase()} ${args.value}`),
  );
  return booked
    .filter(({ amount, payer, transactionHash }) => !came.has(`${transactionHash} ${payer} ${amount}`))
    .map(({ key, amount }) =>
      finding(`transfer ${key}`, `the ledger has a paid call of ${amount} that never came to the Vault`),
    );
}

/** Every payment of the Vault is one the ledger let go of, as much, adjustments for it counted; and the ledger let go of no other. */
export async function auditPayments(sql: Sql, toBlock: bigint): Promise<AuditFinding[]> {
  const rows = await sql.query<{ id: string; name: string; amount: bigint; account: string }>(
    `SELECT w.chain_id AS id, 'withdrawal ' || w.id AS name, w.account_code AS account,
        coalesce(sum(t.amount), max(r.captured) FILTER (WHERE EXISTS (SELECT FROM ledger_archive x
          WHERE x.detached_at IS NOT NULL AND r.closed_batch_id BETWEEN x.first_batch AND x.last_batch)), 0)::bigint AS amount
       FROM withdrawal w LEFT JOIN ledger_reservation r ON r.id = w.reservation_id
       LEFT JOIN ledger_transfer t ON t.reservation_id = w.reservation_id
        AND t.credit_id IN (SELECT id FROM ledger_account WHERE split_part(code, '/', 1) = $1)
      GROUP BY w.id HAVING count(t.id) > 0 OR w.status = 'paid'
     UNION ALL
     SELECT e.withdrawal_id, 'reward epoch ' || e.number, 'platform:cashout', coalesce(t.amount,
         CASE WHEN k.transfer_id < (SELECT max(to_id) FROM ledger_archive WHERE detached_at IS NOT NULL) THEN e.delta END, 0)
       FROM reward_epoch e LEFT JOIN ledger_key k ON k.key = 'epoch-settle:' || e.number
       LEFT JOIN ledger_transfer t ON t.id = k.transfer_id WHERE e.status <> 'funding' OR t.id IS NOT NULL`,
    [VAULT_ACCOUNT],
  );
  const settled = new Map(rows.map((row) => [row.id.toLowerCase(), row]));
  const explained = await readExplained(sql, "withdrawal");
  const findings: AuditFinding[] = [];
  for (const { args, transactionHash, logIndex } of await readEvents(vaultContract(), "Withdrawn", toBlock)) {
    const row = settled.get(args.withdrawalId.toLowerCase());
    settled.delete(args.withdrawalId.toLowerCase());
    const where = `${row?.name ?? `payment ${args.withdrawalId}`}, transaction ${transactionHash}`;
    const added = explained.get(`${transactionHash}:${logIndex}`);
    const amount = (row?.amount ?? 0n) + (added ?? 0n);
    if (!row && added === undefined)
      findings.push(finding(where, `the Vault paid ${args.amount} that the ledger did not let go of`));
    else if (amount !== args.amount)
      findings.push(finding(where, `the Vault paid ${args.amount}, the ledger let go of ${amount}`));
    else if (row && depositRef(row.account) !== args.account.toLowerCase())
      findings.push(finding(where, `the Vault paid it for ${args.account}, which is not ${row.account}`));
  }
  for (const { name, amount } of settled.values())
    findings.push(finding(name, `the ledger let go of ${amount} that the Vault never paid`));
  return findings;
}

type Lease = { id: string; status: string; held: bigint; reserved: bigint };

/** What the books have of every lease against what its events leave in it. A closed one may wait for a request to end. */
export async function auditEscrows(sql: Sql, toBlock: bigint): Promise<AuditFinding[]> {
  const leases = await sql.query<Lease>(
    `SELECT split_part(a.code, ':', 2) AS id, coalesce(max(e.status), 'unknown') AS status,
       sum(a.credits_posted - a.debits_posted)::bigint AS held, sum(a.debits_pending)::bigint AS reserved
     FROM ledger_account a LEFT JOIN escrow e ON e.id = split_part(a.code, ':', 2)
     WHERE starts_with(a.code, 'escrow:') GROUP BY 1`,
  );
  const contract = { address: loadDeployment().contracts.ComputeEscrow, abi: computeEscrowAbi } as const;
  const left = new Map<string, bigint>();
  const add = (id: string, amount: bigint) => left.set(id, (left.get(id) ?? 0n) + amount);
  for (const { args } of await readEvents(contract, "LeaseOpened", toBlock)) add(args.leaseId, args.amount);
  for (const { args } of await readEvents(contract, "LeaseToppedUp", toBlock)) add(args.leaseId, args.amount);
  for (const { args } of await readEvents(contract, "VoucherSettled", toBlock)) add(args.leaseId, -args.amount);
  for (const { args } of await readEvents(contract, "LeaseClosed", toBlock)) add(args.leaseId, -args.refunded);
  const overpaid = await sql.query<{ id: string; settled: bigint; vouched: bigint }>(
    "SELECT id, settled, vouched FROM escrow WHERE settled > vouched",
  );
  const differing = leases
    .filter(
      ({ id, status, held, reserved }) =>
        status === "unknown" || (held !== left.get(id) && (status !== "closed" || reserved === 0n)),
    )
    .map(({ id, held }) =>
      finding(`escrow ${id}`, `the ledger has ${held} of it, on the chain are ${left.get(id) ?? 0n}`),
    );
  return [
    ...differing,
    ...overpaid.map(({ id, settled, vouched }) =>
      finding(`escrow ${id}`, `the contract paid ${settled} under vouchers of ours, which are worth ${vouched}`),
    ),
  ];
}

const tokensOf = async (address: `0x${string}`, blockNumber: bigint): Promise<bigint> =>
  publicClient().readContract({
    address: loadDeployment().contracts.TestUSD,
    abi: testUsdAbi,
    functionName: "balanceOf",
    args: [address],
    blockNumber,
  });

/** What lies in the contracts against what the ledger says lies there. */
export async function auditReserves(sql: Sql, block: bigint): Promise<AuditFinding[]> {
  const { Vault, RewardsDistributor } = loadDeployment().contracts;
  const [reserves, rewards, claims, balances, owed, open] = [
    await tokensOf(Vault, block),
    await tokensOf(RewardsDistributor, block),
    await readEvents({ address: RewardsDistributor, abi: rewardsDistributorAbi }, "Claimed", block),
    await getBalances([VAULT_ACCOUNT], sql),
    (await listOwed(sql, "USD")).reduce((sum, { balance }) => sum + balance, 0n),
    await sql.query<{ counted: bigint; funded: bigint }>(
      `SELECT coalesce((SELECT sum(amount) FROM unassigned_transfer WHERE status = 'seen' AND lower(token) = lower($1)), 0)::bigint AS counted,
         coalesce((SELECT sum(delta) FROM reward_epoch WHERE status <> 'funding'), 0)::bigint AS funded`,
      [loadDeployment().contracts.TestUSD],
    ),
  ];
  const held = -(balances.get(VAULT_ACCOUNT)?.posted ?? 0n) + (open[0]?.counted ?? 0n);
  const promised = (open[0]?.funded ?? 0n) - claims.reduce((sum, { args }) => sum + args.amount, 0n);
  const findings: AuditFinding[] = [];
  if (held !== reserves) findings.push(finding("the Vault", `it holds ${reserves}, the ledger says ${held}`));
  if (owed > reserves)
    findings.push(finding("the Vault", `it holds ${reserves} and ${owed} are owed: ${owed - reserves} are missing`));
  if (rewards !== promised)
    findings.push(finding("the rewards distributor", `it holds ${rewards}, funded less claimed are ${promised}`));
  return findings;
}
