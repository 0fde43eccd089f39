import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { type Prisma, PrismaClient } from "../generated/prisma/client.ts";
import { env } from "./env.ts";

// 64-bit integers arrive as bigint: amounts and counters must never pass through a float. Set for our pool only: Prisma
// shares the driver's global parsers and expects the text.
const readInt8 = (text: string): bigint => BigInt(text);
const poolTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === pg.types.builtins.INT8 && format !== "binary"
      ? readInt8
      : pg.types.getTypeParser(oid, format as "text")) as typeof pg.types.getTypeParser,
};

/** The least a ledger verb needs of a connection, so that it runs in a Prisma transaction and in a plain one alike. */
export type Sql = { query<Row = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]> };

export type Transaction = Prisma.TransactionClient;

const POOL_OPTIONS = {
  connectionString: env.DATABASE_URL,
  max: env.DATABASE_POOL_MAX,
  connectionTimeoutMillis: 10_000,
  idleTimeoutMillis: 30_000,
  statement_timeout: 30_000,
} satisfies pg.PoolConfig;

// Next's development server evaluates modules again after an edit; one pool and one client survive that.
const shared = globalThis as typeof globalThis & { convergePool?: pg.Pool; convergeDb?: PrismaClient };

function openPool(): pg.Pool {
  const opened = new pg.Pool({ ...POOL_OPTIONS, types: poolTypes });
  // A connection that Postgres closes is replaced by the pool, idle or lent out; unheard, its error would end the process.
  opened.on("error", () => undefined);
  opened.on("connect", (client) => client.on("error", () => undefined));
  return opened;
}

shared.convergePool ??= openPool();
shared.convergeDb ??= new PrismaClient({ adapter: new PrismaPg(POOL_OPTIONS) });

export const pool: pg.Pool = shared.convergePool;
export const db: PrismaClient = shared.convergeDb;

/** Wraps a Prisma transaction, a pg client or the pool as `Sql`. */
export function sqlOf(source: Transaction | PrismaClient | pg.Pool | pg.PoolClient | pg.Client): Sql {
  if ("$queryRawUnsafe" in source) {
    return { query: <Row>(text: string, values: unknown[] = []) => source.$queryRawUnsafe<Row[]>(text, ...values) };
  }
  return {
    query: async <Row>(text: string, values: unknown[] = []) => {
      const result = await source.query(text, values);
      return result.rows as Row[];
    },
  };
}

/** Runs `work` in one plain transaction; an exception rolls everything back. */
export async function withTransaction<Result>(
  work: (sql: Sql, client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that Postgres ends between two statements emits an error; unheard, it would end the process.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on("error", onError);
  try {
    await client.query("BEGIN");
    const result = await work(sqlOf(client), client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.off("error", onError);
    // A connection whose rollback failed is closed, not handed to the next caller mid-transaction.
    client.release(broken);
  }
}
