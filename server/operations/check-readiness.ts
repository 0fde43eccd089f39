import { signerClient } from "#server/chain/signer-client.ts";
import { pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { BEAT_SECONDS } from "./beat.ts";

export type PartName = "database" | "chain" | "queue" | "signer";
export type Readiness = {
  status: "ready" | "unready";
  checks: Record<PartName, { ok: boolean; ms: number; message?: string }>;
};

const TIMEOUT_MS = 3_000;

async function checkChain(): Promise<void> {
  const response = await fetch(env.CHAIN_RPC_URL, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = (await response.json()) as { result?: string };
  if (Number(body.result) !== env.CHAIN_ID)
    throw new Error(`expected chain ${env.CHAIN_ID}, found ${Number(body.result)}`);
}

async function checkQueue(): Promise<void> {
  const { rows } = await pool.query<{ is_alive: boolean }>(
    "SELECT coalesce(max(seen_at) > now() - make_interval(secs => $1), false) AS is_alive FROM process_heartbeat WHERE name = 'worker'",
    [BEAT_SECONDS * 4],
  );
  if (!rows[0]?.is_alive) throw new Error("no worker has reported lately");
}

/** Why a part is not there, in words that tell nothing about addresses or credentials. */
async function check(work: () => Promise<unknown>): Promise<{ ok: boolean; ms: number; message?: string }> {
  const startedAt = performance.now();
  const ms = () => Math.round(performance.now() - startedAt);
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error("no answer in time")), TIMEOUT_MS).unref();
  });
  try {
    await Promise.race([work(), late]);
    return { ok: true, ms: ms() };
  } catch (error) {
    const isOurWord = error instanceof Error && /^(expected chain|no worker|no answer)/.test(error.message);
    return { ok: false, ms: ms(), message: isOurWord && error instanceof Error ? error.message : "not reachable" };
  }
}

/** Asks everything a request may need, all at once. */
export async function checkReadiness(): Promise<Readiness> {
  const [database, chain, queue, signer] = await Promise.all([
    check(() => pool.query("SELECT 1")),
    check(checkChain),
    check(checkQueue),
    check(() => signerClient.health({})),
  ]);
  const checks = { database, chain, queue, signer };
  return { status: Object.values(checks).every(({ ok }) => ok) ? "ready" : "unready", checks };
}
