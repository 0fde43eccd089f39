import { type Address, zeroAddress } from "viem";
import { getAddress, isAddress } from "viem/utils";
import { DomainError } from "#core/errors.ts";
import { newId } from "#core/ids.ts";
import { ADDRESSES_MAX, type NamedAddress } from "#core/schemas/address.ts";
import { db, pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { policyFromJson, viewPolicy } from "./agent-policy.ts";

type Row = { id: string; address: string; name: string; note: string | null; createdAt: Date };
type Users = ReadonlyMap<string, NamedAddress["usedBy"]>;

const COLUMNS = `id, address, name, note, created_at AS "createdAt"`;

const view = (row: Row, users: Users): NamedAddress => ({
  ...row,
  usedBy: users.get(row.address) ?? [],
  createdAt: row.createdAt.toISOString(),
});

/** The agents of a person by the addresses that their limits name as payees. */
async function findUsers(userId: string): Promise<Users> {
  const agents = await db.agent.findMany({
    where: { userId, status: { not: "revoked" } },
    select: { id: true, name: true, policy: true },
    orderBy: { createdAt: "asc" },
  });
  const users = new Map<string, { id: string; name: string }[]>();
  for (const { id, name, policy } of agents) {
    const { rules, guards } = viewPolicy(policyFromJson(policy));
    const payees = [...rules.map(({ counterparty }) => counterparty), ...(guards?.purchases?.payees ?? [])];
    for (const payee of new Set(payees.flatMap((address) => (address ? [getAddress(address)] : []))))
      users.set(payee, [...(users.get(payee) ?? []), { id, name }]);
  }
  return users;
}

/** A person's named addresses, by name. They are the person's: a key of an agent does not read them. */
export async function listAddresses(actor: Actor): Promise<{ data: NamedAddress[] }> {
  if (actor.agentId) throw new DomainError("FORBIDDEN");
  const [rows, users] = await Promise.all([
    sqlOf(pool).query<Row>(`SELECT ${COLUMNS} FROM named_address WHERE user_id = $1 ORDER BY lower(name), id`, [
      actor.userId,
    ]),
    findUsers(actor.userId),
  ]);
  return { data: rows.map((row) => view(row, users)) };
}

/** The address in its checksummed form. Capitals that do not fit it are a mistyped digit. */
function readAddress(text: string): Address {
  const refuse = (message: string) => new DomainError("VALIDATION_FAILED", { param: "address", message });
  if (/[A-F]/.test(text) && /[a-f]/.test(text.slice(2)) && !isAddress(text))
    throw refuse("The capitals in this address do not fit it: a digit may be wrong.");
  const address = getAddress(text.toLowerCase());
  if (address === zeroAddress) throw refuse("The zero address is nobody's.");
  return address;
}

/** One at a time: two requests at once would each find a free name and a free place. */
async function lockBook(sql: Sql, userId: string): Promise<Row[]> {
  await sql.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 4))::text", [`addresses:${userId}`]);
  return sql.query<Row>(`SELECT ${COLUMNS} FROM named_address WHERE user_id = $1`, [userId]);
}

const isSameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

function checkName(book: readonly Row[], name: string, exceptId?: string): void {
  const holder = book.find((row) => row.id !== exceptId && isSameName(row.name, name));
  if (holder) throw new DomainError("ADDRESS_NAME_TAKEN", { param: "name", address: holder.address });
}

/** Names an address. The same name for the same address is answered with the entry there is. */
export async function createAddress(
  actor: Actor,
  input: { address: string; name: string; note?: string | undefined },
): Promise<NamedAddress> {
  const address = readAddress(input.address);
  const row = await withTransaction(async (sql) => {
    const book = await lockBook(sql, actor.userId);
    const known = book.find((one) => one.address === address);
    if (known && isSameName(known.name, input.name)) return known;
    if (known) throw new DomainError("ADDRESS_EXISTS", { param: "address", id: known.id, name: known.name });
    checkName(book, input.name);
    if (book.length >= ADDRESSES_MAX) throw new DomainError("ADDRESSES_FULL", { limit: ADDRESSES_MAX });
    const [made] = await sql.query<Row>(
      `INSERT INTO named_address (id, user_id, address, name, note) VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
      [newId("namedAddress"), actor.userId, address, input.name, input.note || null],
    );
    return made as Row;
  });
  return view(row, await findUsers(actor.userId));
}

/** Changes the name or the note; the address stays what it is. */
export async function changeAddress(
  actor: Actor,
  input: { id: string; name?: string | undefined; note?: string | undefined },
): Promise<NamedAddress> {
  const row = await withTransaction(async (sql) => {
    const book = await lockBook(sql, actor.userId);
    const known = book.find(({ id }) => id === input.id);
    if (!known) throw new DomainError("ADDRESS_NOT_FOUND");
    const { name = known.name, note = known.note } = input;
    checkName(book, name, known.id);
    const [changed] = await sql.query<Row>(
      `UPDATE named_address SET name = $2, note = $3, updated_at = clock_timestamp() WHERE id = $1 RETURNING ${COLUMNS}`,
      [known.id, name, note || null],
    );
    return changed as Row;
  });
  return view(row, await findUsers(actor.userId));
}

/** Takes an address out of the book. What names it elsewhere goes on naming it. */
export async function removeAddress(actor: Actor, input: { id: string }): Promise<{ id: string; removed: true }> {
  const { rowCount } = await pool.query("DELETE FROM named_address WHERE id = $1 AND user_id = $2", [
    input.id,
    actor.userId,
  ]);
  if (rowCount === 0) throw new DomainError("ADDRESS_NOT_FOUND");
  return { id: input.id, removed: true };
}
