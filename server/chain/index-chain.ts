import {
  type Abi,
  type Address,
  type ContractEventArgsFromTopics,
  type ContractEventName,
  formatLog,
  type Hex,
  type Log,
  type LogTopic,
} from "viem";
import { decodeEventLog, encodeEventTopics, getAddress, isAddressEqual } from "viem/utils";
import { pool, type Sql, sqlOf, withTransaction } from "#server/db.ts";
import { env } from "#server/env.ts";
import { log } from "#server/log.ts";
import { checkChainId, checkNode } from "./check-node.ts";
import { publicClient } from "./client.ts";
import { type Deployment, loadDeployment } from "./deployments.ts";

export type IndexedLog<Args = unknown> = {
  args: Args;
  address: Address;
  transactionHash: Hex;
  blockNumber: bigint;
  logIndex: number;
  at: Date;
};

/** What a pillar wants to hear. `apply` runs once for each event, in the transaction that moves the cursor past it. */
export type LogHandler = {
  /** A name of the deployment, or "any" for accounts, whose addresses are not known beforehand. */
  contract: string;
  event: string;
  abi: Abi;
  /** Only events with these indexed arguments; the node is asked for no others. */
  args?: (deployment: Deployment) => Record<string, unknown>;
  apply(sql: Sql, log: IndexedLog<never>): Promise<void>;
};

/** Ties the event's name and arguments to its ABI. */
export function onEvent<const A extends Abi, N extends ContractEventName<A>>(handler: {
  contract: string;
  abi: A;
  event: N;
  args?: (deployment: Deployment) => Record<string, unknown>;
  apply(sql: Sql, log: IndexedLog<ContractEventArgsFromTopics<A, N>>): Promise<void>;
}): LogHandler {
  return handler as unknown as LogHandler;
}

type Cursor = { blockNumber: bigint; blockHash: Hex; status: string };
type Placed = { log: Log<bigint, number, false>; handler: LogHandler; at: Date };

const NAME = "main";
const BLOCKS_PER_PASS = 1_000n;

export type IndexerOptions = { confirmations: number };

/**
 * Reads the next confirmed blocks and applies their events.
 *
 * Only blocks that are `confirmations` deep are read, so a shallower reorganisation changes nothing here. The cursor
 * holds the hash of the last block read: when the chain has another block at that height it was rewritten below the
 * depth we trust, and the indexer halts instead of counting money twice.
 */
export async function indexChain(
  handlers: readonly LogHandler[],
  options: IndexerOptions = { confirmations: env.CHAIN_CONFIRMATIONS },
): Promise<{ pending: boolean }> {
  const deployment = loadDeployment();
  // The cursor first: a head read before it may lie below what another worker has applied meanwhile.
  const cursor = await findCursor();
  if (cursor?.status === "halted") return { pending: false };
  const head = await checkNode(cursor?.blockNumber ?? null);
  const safe = head - BigInt(options.confirmations - 1);
  if (cursor && !(await checkContinuity(cursor))) return { pending: false };

  const from = cursor ? cursor.blockNumber + 1n : deployment.deployedAtBlock;
  if (from > safe) return { pending: false };
  const to = safe - from >= BLOCKS_PER_PASS ? from + BLOCKS_PER_PASS - 1n : safe;
  const last = await publicClient().getBlock({ blockNumber: to });
  const placed = await readLogs(handlers, deployment, from, to);
  const [again] = await Promise.all([publicClient().getBlock({ blockNumber: to }), checkChainId()]);
  // The chain moved while it was read; the next pass reads what it has become.
  if (again.hash !== last.hash) return { pending: true };

  const isApplied = await applyLogs(placed, cursor, { blockNumber: to, blockHash: last.hash });
  return { pending: to < safe || !isApplied };
}

/** The last block whose events were all applied. Read it before what it is compared with. */
export async function lastAppliedBlock(): Promise<bigint | null> {
  return (await findCursor())?.blockNumber ?? null;
}

async function findCursor(): Promise<Cursor | null> {
  const [cursor] = await sqlOf(pool).query<Cursor>(
    `SELECT block_number AS "blockNumber", block_hash AS "blockHash", status FROM chain_cursor WHERE name = $1`,
    [NAME],
  );
  return cursor ?? null;
}

async function checkContinuity(cursor: Cursor): Promise<boolean> {
  const block = await publicClient().getBlock({ blockNumber: cursor.blockNumber });
  if (block.hash === cursor.blockHash) return true;
  // A halt lasts until a person has looked: it must not come of another chain's block.
  await checkChainId();
  const found = `Block ${cursor.blockNumber} was ${cursor.blockHash} and is ${block.hash}.`;
  const remedy = env.isDevelopmentChain ? " A development network begins anew when its home folder is removed." : "";
  const detail = found + remedy;
  // Another worker may have moved on meanwhile: what it found is newer than what was compared here.
  const { rowCount } = await pool.query(
    "UPDATE chain_cursor SET status = 'halted', detail = $2, updated_at = now() WHERE name = $1 AND block_hash = $3",
    [NAME, detail, cursor.blockHash],
  );
  if (rowCount === 0) return false;
  log.error(
    { event: "indexer.halted", detail },
    "the chain changed below the confirmed depth; nothing is applied until a person has looked",
  );
  return false;
}

/** All wanted logs of the range, in the order of the chain, with the time of their block. */
async function readLogs(
  handlers: readonly LogHandler[],
  deployment: Deployment,
  from: bigint,
  to: bigint,
): Promise<Placed[]> {
  const plain = handlers.filter(({ args }) => !args);
  const named = plain.filter(({ contract }) => contract !== "any");
  const addresses = [...new Set(named.map((handler) => addressOf(handler, deployment)))];
  const anywhere = plain.filter(({ contract }) => contract === "any");
  const chosen = handlers.filter(({ args }) => args);
  const range = { fromBlock: from, toBlock: to };
  const [known, open, ...picked] = await Promise.all([
    addresses.length > 0 ? getLogs({ ...range, address: addresses }) : [],
    anywhere.length > 0 ? getLogs({ ...range, topics: [anywhere.map(topicOf)] }) : [],
    ...chosen.map((handler) => getLogs({ ...range, ...chosenFilter(handler, deployment) })),
  ]);
  const found = [
    ...picked.flatMap((entries, index) => {
      const handler = chosen[index];
      return handler ? entries.map((entry) => ({ log: entry, handler })) : [];
    }),
    ...known.flatMap((entry) =>
      named
        .filter(
          (handler) =>
            topicOf(handler) === entry.topics[0] && isAddressEqual(addressOf(handler, deployment), entry.address),
        )
        .map((handler) => ({ log: entry, handler })),
    ),
    ...open.flatMap((entry) =>
      anywhere.filter((handler) => topicOf(handler) === entry.topics[0]).map((handler) => ({ log: entry, handler })),
    ),
  ];
  const times = new Map<bigint, Date>();
  for (const { log: entry } of found) {
    if (times.has(entry.blockNumber)) continue;
    const block = await publicClient().getBlock({ blockNumber: entry.blockNumber });
    times.set(entry.blockNumber, new Date(Number(block.timestamp) * 1000));
  }
  return found
    .map((item) => ({ ...item, at: times.get(item.log.blockNumber) ?? new Date(0) }))
    .sort((a, b) => Number(a.log.blockNumber - b.log.blockNumber) || a.log.logIndex - b.log.logIndex);
}

function addressOf(handler: LogHandler, deployment: Deployment): Address {
  const address = deployment.contracts[handler.contract];
  if (!address) throw new Error(`A handler waits for events of ${handler.contract}, which is not deployed.`);
  return address;
}

function topicOf(handler: LogHandler): Hex {
  const [topic] = encodeEventTopics({ abi: handler.abi, eventName: handler.event });
  if (typeof topic !== "string") throw new Error(`The event ${handler.event} has no topic.`);
  return topic;
}

function chosenFilter(handler: LogHandler, deployment: Deployment) {
  const topics = encodeEventTopics({
    abi: handler.abi,
    eventName: handler.event,
    args: handler.args?.(deployment) as never,
  });
  return { ...(handler.contract === "any" ? {} : { address: [addressOf(handler, deployment)] }), topics };
}

async function getLogs(filter: {
  fromBlock: bigint;
  toBlock: bigint;
  address?: Address[];
  topics?: LogTopic[];
}): Promise<Log<bigint, number, false>[]> {
  const found = await publicClient().request({
    method: "eth_getLogs",
    params: [
      {
        fromBlock: `0x${filter.fromBlock.toString(16)}`,
        toBlock: `0x${filter.toBlock.toString(16)}`,
        ...(filter.address ? { address: filter.address } : {}),
        ...(filter.topics ? { topics: filter.topics } : {}),
      },
    ],
  });
  return found.map((entry) => formatLog(entry) as Log<bigint, number, false>);
}

/** Applies the logs and moves the cursor in one transaction; false when another worker was faster, or halted. */
async function applyLogs(
  placed: Placed[],
  cursor: Cursor | null,
  next: { blockNumber: bigint; blockHash: Hex },
): Promise<boolean> {
  return withTransaction(async (sql) => {
    await sql.query(
      "INSERT INTO chain_cursor (name, block_number, block_hash) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
      [NAME, cursor?.blockNumber ?? -1n, cursor?.blockHash ?? "0x"],
    );
    const [locked] = await sql.query<{ blockNumber: bigint; status: string }>(
      `SELECT block_number AS "blockNumber", status FROM chain_cursor WHERE name = $1 FOR UPDATE`,
      [NAME],
    );
    if (locked?.blockNumber !== (cursor?.blockNumber ?? -1n) || locked.status === "halted") return false;
    for (const item of placed) await applyLog(sql, item);
    await sql.query("UPDATE chain_cursor SET block_number = $2, block_hash = $3, updated_at = now() WHERE name = $1", [
      NAME,
      next.blockNumber,
      next.blockHash,
    ]);
    return true;
  });
}

/** A log that has the event's topic and another shape is some other contract's event of that name. */
function decodeArgs(handler: LogHandler, entry: Log): unknown {
  try {
    return (
      decodeEventLog({ abi: handler.abi, eventName: handler.event, data: entry.data, topics: entry.topics }).args ?? {}
    );
  } catch (error) {
    if (handler.contract === "any") return null;
    throw error;
  }
}

async function applyLog(sql: Sql, { log: entry, handler, at }: Placed): Promise<void> {
  const args = decodeArgs(handler, entry);
  if (args === null) return;
  await sql.query(
    `INSERT INTO chain_log (block_hash, log_index, block_number, transaction_hash, address, event) VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (block_hash, log_index) DO NOTHING`,
    [entry.blockHash, entry.logIndex, entry.blockNumber, entry.transactionHash, entry.address, handler.event],
  );
  await handler.apply(sql, {
    args: args as never,
    address: getAddress(entry.address),
    transactionHash: entry.transactionHash as Hex,
    blockNumber: entry.blockNumber,
    logIndex: entry.logIndex,
    at,
  });
}
