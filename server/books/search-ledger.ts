import type { LedgerMatch } from "#core/schemas/explorer.ts";
import { pool, type Sql, sqlOf } from "#server/db.ts";
import { transferId } from "#server/ledger/operations.ts";
import { listLedgerAccounts } from "./explore-accounts.ts";
import { batchId } from "./explorer-rows.ts";

const MATCHES_MAX = 20;
/** More digits are no 64-bit number. */
const NUMBER = "\\d{1,18}";

type Finder = (sql: Sql, text: string) => Promise<LedgerMatch[]>;

const exists = async (sql: Sql, table: string, column: string, value: string): Promise<boolean> =>
  (await sql.query(`SELECT 1 FROM ${table} WHERE ${column} = $1`, [value])).length > 0;

const one =
  (kind: LedgerMatch["kind"], label: string, table: string, idOf: (text: string) => string): Finder =>
  async (sql, text) =>
    (await exists(sql, table, "id", idOf(text))) ? [{ kind, id: text, label }] : [];

const afterPrefix = (text: string): string => text.slice(text.indexOf("_") + 1);

const findByHash: Finder = async (sql, text) => {
  const hash = text.replace(/^0x/, "");
  const batches = await sql.query<{ id: bigint }>(
    "SELECT id FROM ledger_batch WHERE link IS NOT NULL AND (hash = decode($1, 'hex') OR digest = decode($1, 'hex')) LIMIT 2",
    [hash],
  );
  const adjustments = await sql.query<{ id: string }>(
    "SELECT id FROM adjustment WHERE content_hash = $1 OR source_transaction = $2",
    [hash.toLowerCase(), `0x${hash.toLowerCase()}`],
  );
  return [
    ...batches.map(({ id }) => ({ kind: "batch" as const, id: batchId(id), label: "The batch with this hash" })),
    ...adjustments.map(({ id }) => ({ kind: "adjustment" as const, id, label: "The adjustment with this hash" })),
  ];
};

const findAccounts = async (where: { prefix?: string; ownerId?: string }): Promise<LedgerMatch[]> =>
  (await listLedgerAccounts({ ...where, limit: MATCHES_MAX })).data.map(({ code, shardCount }) => ({
    kind: "account",
    id: code,
    label: shardCount > 1 ? `Account in ${shardCount} shards` : "Account",
  }));

/** A key of a transfer or of a reservation: what somebody's own system has written down. */
const findByKey: Finder = async (sql, text) => {
  const transfers = await sql.query<{ id: bigint }>("SELECT transfer_id AS id FROM ledger_key WHERE key = $1", [text]);
  const reservations = await sql.query<{ id: string }>(
    "SELECT id FROM ledger_reservation WHERE key = $1 OR closed_key = $1 LIMIT 2",
    [text],
  );
  return [
    ...transfers.map(({ id }) => ({
      kind: "transfer" as const,
      id: transferId(id),
      label: "The transfer under this key",
    })),
    ...reservations.map(({ id }) => ({ kind: "reservation" as const, id, label: "The reservation under this key" })),
  ];
};

const FINDERS: readonly (readonly [pattern: RegExp, find: Finder])[] = [
  [new RegExp(`^txf_${NUMBER}$`), one("transfer", "Transfer", "ledger_transfer", afterPrefix)],
  [new RegExp(`^bat_${NUMBER}$`), one("batch", "Batch", "ledger_batch", afterPrefix)],
  [/^rsv_[0-9a-z]{1,64}$/, one("reservation", "Reservation", "ledger_reservation", (text) => text)],
  [/^adj_[0-9a-z]{1,64}$/, one("adjustment", "Adjustment", "adjustment", (text) => text)],
  [/^usr_[0-9a-z]{1,64}$/, (_sql, text) => findAccounts({ ownerId: text })],
  [/^agt_[0-9a-z]{1,64}$/, (_sql, text) => findAccounts({ prefix: `agent:${text}` })],
  [/^cmp_[0-9a-z]{1,64}$/, (_sql, text) => findAccounts({ prefix: `campaign:${text}` })],
  [/^(0x)?[0-9a-fA-F]{64}$/, findByHash],
];

/** What an identifier, a hash, a key or the beginning of an account's code may mean in the ledger. */
export async function searchLedger({ query }: { query: string }): Promise<{ data: LedgerMatch[] }> {
  const sql = sqlOf(pool);
  const [, find] = FINDERS.find(([pattern]) => pattern.test(query)) ?? [];
  const found = find ? await find(sql, query) : await findAccounts({ prefix: query });
  const data = found.length > 0 ? found : await findByKey(sql, query);
  return { data: data.slice(0, MATCHES_MAX) };
}
