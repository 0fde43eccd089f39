import { runIndexer, runOutbox } from "#server/chain/run.ts";
import { pool } from "#server/db.ts";
import { walletLogHandlers } from "#server/wallets/chain-events.ts";

// The part of the worker that sends and follows, and nothing else: quick to start, to be killed often.
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
await Promise.all([runOutbox(stopping.signal), runIndexer(walletLogHandlers, stopping.signal)]);
await pool.end();
