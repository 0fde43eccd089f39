import { spawn } from "node:child_process";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { signerClient } from "#server/chain/signer-client.ts";
import { pool } from "#server/db.ts";
import { env } from "#server/env.ts";
import { NODE_FLAGS, root, startSigner } from "../../../scripts/lib/services.ts";
import { type BenchRow, bounded, round } from "../../bench-row.ts";
import { importedAgent, outcomeOf, type PaperAgent, paperAgent, policyOf, signPayment } from "./wallets-world.ts";

const WALLETS = Number(process.env.FAULTS_WALLETS ?? 10_000);
const AT_ONCE = 24;

/** The bytes that must be nowhere: asked of a process of its own, with the signer's own code. */
async function secretsOf(agents: readonly PaperAgent[]): Promise<Buffer[]> {
  const child = spawn(
    process.execPath,
    [
      ...NODE_FLAGS,
      join(root, "server/signer/testing/print-keys.ts"),
      "operator",
      ...agents.map(({ agentId }) => `agent:${agentId}`),
    ],
    { cwd: root, env: { ...process.env }, stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  for await (const piece of child.stdout) text += String(piece);
  const secrets = text
    .trim()
    .split("\n")
    .map((line) => Buffer.from(line, "hex"));
  return [...secrets, await readFile(join(env.CONVERGE_HOME, "signer", "kek"))];
}

/** How many of the secrets are in some bytes: as they are, in hex, or in base64. */
const found = (bytes: Buffer, secrets: readonly Buffer[]): number =>
  secrets.filter((secret) =>
    [
      secret,
      Buffer.from(secret.toString("hex")),
      Buffer.from(secret.toString("hex").toUpperCase()),
      Buffer.from(secret.toString("base64").slice(0, 40)),
    ].some((form) => bytes.includes(form)),
  ).length;

/** Everything in the database, as a dump has it. */
async function dump(): Promise<Buffer> {
  const { rows: tables } = await pool.query<{ name: string }>(
    "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'",
  );
  const pieces: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(`SELECT row_to_json(t)::text AS row FROM ${name} t`);
    pieces.push(...rows.map(({ row }) => row));
  }
  return Buffer.from(pieces.join("\n"));
}

/** Secrets in the memory and the environment of a running process. */
async function inProcess(pid: number, secrets: readonly Buffer[]): Promise<{ count: number; megabytes: number }> {
  let count = found(await readFile(`/proc/${pid}/environ`), secrets);
  let size = 0;
  const memory = await open(`/proc/${pid}/mem`, "r");
  for (const line of (await readFile(`/proc/${pid}/maps`, "utf8")).split("\n")) {
    const [, from, to, rights] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
    if (!from || !to || !rights?.startsWith("rw")) continue;
    const [start, end] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
    // In pieces that overlap by more than a secret is long.
    for (let at = start; at < end; at += 16 * 1024 * 1024) {
      const piece = Buffer.alloc(Math.min(16 * 1024 * 1024 + 128, end - at));
      const { bytesRead } = await memory.read(piece, 0, piece.length, at).catch(() => ({ bytesRead: 0 }));
      size += bytesRead;
      count += found(piece.subarray(0, bytesRead), secrets);
    }
  }
  await memory.close();
  return { count, megabytes: size / 1024 / 1024 };
}

/** W5 and W6: keys in a dump, and in the processes that are not the signer; a ciphertext in another wallet's row. */
export async function keysAtRest(): Promise<BenchRow[]> {
  const made = await Promise.all(Array.from({ length: 5 }, () => paperAgent(policyOf(100n, 1_000n))));
  const agents = [...made, await importedAgent(policyOf(100n, 1_000n))];
  for (const agent of agents) await signPayment(agent, 1n, 1);
  const secrets = await secretsOf(agents);
  const worker = spawn(process.execPath, [...NODE_FLAGS, join(root, "server/jobs/main.ts")], {
    cwd: root,
    env: { ...process.env, CONVERGE_PROCESS: "worker" },
    stdio: "ignore",
  });
  await sleep(4_000);
  const { count, megabytes } = await inProcess(worker.pid ?? 0, secrets);
  worker.kill("SIGKILL");
  const self = found(await readFile("/proc/self/environ"), secrets);
  const [first, second] = agents as [PaperAgent, PaperAgent];
  const dumped = await dump();
  await pool.query(
    "UPDATE signer_wallet a SET wrapped_data_key = b.wrapped_data_key, encrypted_key = b.encrypted_key FROM signer_wallet b WHERE a.id = $1 AND b.id = $2",
    [`agent:${first.agentId}`, `agent:${second.agentId}`],
  );
  const swapped = await outcomeOf(signPayment(first, 1n, 2));
  await pool.query("DELETE FROM signer_spend WHERE wallet_id = $1", [`agent:${first.agentId}`]);
  await pool.query("DELETE FROM signer_wallet WHERE id = $1", [`agent:${first.agentId}`]);
  return [
    bounded(
      "W5 keys in a dump of the database",
      found(dumped, secrets),
      "keys",
      "<= 0",
      `${secrets.length} looked for, one of them brought by its owner, in ${round(dumped.length / 1024 / 1024, 1)} MB`,
    ),
    bounded(
      "W5 keys in a worker's memory and environment",
      count + self,
      "keys",
      "<= 0",
      `${round(megabytes)} MB read`,
    ),
    bounded(
      "W6 signatures with a key from another wallet's row",
      typeof swapped === "string" ? 0 : 1,
      "signatures",
      "<= 0",
      String(swapped),
    ),
  ];
}

/** The process that is the signer of this folder. */
async function signerPid(): Promise<number> {
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const [line, environment] = await Promise.all(
      ["cmdline", "environ"].map((file) => readFile(`/proc/${name}/${file}`, "utf8").catch(() => "")),
    );
    if (line?.includes("server/signer/main.ts") && environment?.includes(`CONVERGE_HOME=${env.CONVERGE_HOME}\0`))
      return Number(name);
  }
  throw new Error("The signer is not running.");
}

/** W7: a new key-encryption key under ten thousand wallets while they sign, killed in the middle. */
export async function rotation(): Promise<BenchRow[]> {
  const agents: PaperAgent[] = [];
  for (let made = 0; made < WALLETS; made += AT_ONCE)
    agents.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(AT_ONCE, WALLETS - made) }, () => paperAgent(policyOf(100n, 1_000_000n))),
      )),
    );
  const before = await signerClient.health({});
  let isOver = false;
  let isDown = false;
  const seen = { signed: 0, failed: 0 };
  const load = Array.from({ length: 8 }, async (_, n) => {
    for (let lane = 1; !isOver; lane += 1) {
      const agent = agents[(lane * 7_919 + n * 104_729) % agents.length] as PaperAgent;
      const wasDown = isDown;
      const outcome = await outcomeOf(signPayment(agent, 1n, lane * 8 + n));
      if (typeof outcome !== "string") seen.signed += 1;
      // Nobody signs while there is no signer; that is not what is counted here.
      else if (!wasDown && !isDown) seen.failed += 1;
      if (isDown) await sleep(50);
    }
  });
  const startedAt = performance.now();
  const rotate = spawn(process.execPath, [...NODE_FLAGS, join(root, "server/signer/rotate.ts")], {
    cwd: root,
    env: { ...process.env },
    stdio: "ignore",
  });
  const rotated = new Promise<number | null>((resolve) => rotate.once("close", resolve));
  const leftNow = async () => {
    const { rows } = await pool.query<{ count: number }>(
      "SELECT count(*)::int AS count FROM signer_wallet WHERE key_id = $1",
      [before.keyId],
    );
    return rows[0]?.count ?? 0;
  };
  while ((await leftNow()) > WALLETS * 0.6) await sleep(20);
  isDown = true;
  process.kill(await signerPid(), "SIGKILL");
  const leftAtKill = await leftNow();
  const restarted = await startSigner(process.env, env.CONVERGE_HOME);
  isDown = false;
  const code = await rotated;
  const seconds = (performance.now() - startedAt) / 1_000;
  isOver = true;
  await Promise.all(load);
  const left = await leftNow();
  const { keyId } = await signerClient.health({});
  restarted.child.kill("SIGTERM");
  return [
    bounded(
      "W7 wallets left under the old key",
      left + (keyId === before.keyId ? 1 : 0) + (code === 0 ? 0 : 1),
      "wallets",
      "<= 0",
      `${WALLETS} in ${round(seconds, 1)} s, killed with ${leftAtKill} to go`,
    ),
    bounded("W7 signatures that failed meanwhile", seen.failed, "signatures", "<= 0", `${seen.signed} made`),
  ];
}
