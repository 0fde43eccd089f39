import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";

// The integration tests share one Postgres, chain and signer. Each file of them begins with both as they were when the
// services had just started, so that none depends on which ran before it.

/** Only who starts services for tests alone says this: the database is dropped and made again. */
const world = () => {
  const { DATABASE_URL, CONVERGE_TEST_WORLD, CHAIN_RPC_URL } = process.env;
  if (!DATABASE_URL || !CONVERGE_TEST_WORLD) return null;
  const server = new URL(DATABASE_URL);
  const name = server.pathname.slice(1);
  server.pathname = "/postgres";
  return { server: server.href, name, rpc: CHAIN_RPC_URL, snapshotFile: join(CONVERGE_TEST_WORLD, "chain-snapshot") };
};

type World = NonNullable<ReturnType<typeof world>>;

async function withServer(server: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await work(client).finally(() => client.end());
}

async function ask(rpc: string, method: string, params: unknown[] = []): Promise<unknown> {
  const response = await fetch(rpc, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return ((await response.json()) as { result: unknown }).result;
}

async function keepChain({ rpc, snapshotFile }: World): Promise<void> {
  if (rpc) await writeFile(snapshotFile, String(await ask(rpc, "evm_snapshot")));
}

/** Keeps database and chain as they are, to begin each file with. */
export async function keepWorld(): Promise<void> {
  const kept = world();
  if (!kept) return;
  const { server, name } = kept;
  let isKept = false;
  await withServer(server, async (client) => {
    // The services may be there for a second run.
    isKept = (await client.query("SELECT FROM pg_database WHERE datname = $1", [`${name}_kept`])).rowCount === 1;
    if (isKept) return;
    // A database with somebody in it is no template; who is thrown out comes back when they need it.
    await client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
    await client.query(`CREATE DATABASE ${name}_kept TEMPLATE ${name}`);
  });
  if (!isKept) await keepChain(kept);
}

/** Puts database and chain back to what was kept. */
export async function renewWorld(): Promise<void> {
  const kept = world();
  if (!kept) return;
  const { server, name, rpc, snapshotFile } = kept;
  await withServer(server, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${name}_kept`);
  });
  if (!rpc) return;
  // A snapshot is gone once it was gone back to.
  if ((await ask(rpc, "evm_revert", [await readFile(snapshotFile, "utf8")])) !== true)
    throw new Error("The chain did not go back to where it was.");
  // Its clock went back, too: whoever compares a block's time with the clock on the wall would find it slow.
  await ask(rpc, "evm_setTime", [Math.floor(Date.now() / 1_000)]);
  await keepChain(kept);
}
