import type { Hex } from "viem";
import { zeroHash } from "viem";
import { vaultAbi } from "#core/generated/abis.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { readEvents } from "#server/chain/read-events.ts";
import type { Sql } from "#server/db.ts";
import { env } from "#server/env.ts";
import type { AuditFinding } from "#server/ledger/audit-ledger.ts";
import { buildEpochTree } from "./build-epoch-tree.ts";
import { type Epoch, listEpochs, listLeaves } from "./epoch-rows.ts";

const EPOCHS_MAX = 1_000_000;

/** Every root on the chain against the epoch that made it, its leaves and the ledger's chain; and none that is missing. */
export async function auditRoots(sql: Sql, toBlock: bigint): Promise<AuditFinding[]> {
  const vault = { address: loadDeployment().contracts.Vault, abi: vaultAbi } as const;
  const anchored = await readEvents(vault, "RootAnchored", toBlock);
  const epochs = new Map((await listEpochs(sql, EPOCHS_MAX)).map((epoch) => [epoch.number, epoch]));
  const heads = await readHeads(
    sql,
    anchored.map(({ args }) => args.auditHead),
  );
  const findings: AuditFinding[] = [];
  for (const { args } of anchored) {
    const where = `epoch ${args.epoch}`;
    const say = (problem: string) => findings.push({ where, problem });
    const epoch = epochs.get(args.epoch);
    epochs.delete(args.epoch);
    const link = heads.get(args.auditHead);
    if (link === undefined && args.auditHead !== zeroHash)
      say(`the chain's head ${args.auditHead} was anchored; the ledger's hash chain has no such link`);
    if (!epoch) {
      say("a root was anchored that this ledger does not know");
      continue;
    }
    const pairs = [
      ["root", epoch.root, args.root.toLowerCase()],
      ["liabilities", epoch.liabilities, args.liabilities],
      ["reserves", epoch.reserves, args.reserves],
      ["deposits counted", epoch.depositsCounted, args.depositsCounted],
      ["audit head", epoch.headHash, args.auditHead],
      ["link of the audit head", epoch.headLink, link ?? 0n],
    ] as const;
    for (const [name, stored, onChain] of pairs)
      if (stored !== onChain) say(`its ${name} is ${stored} here and ${onChain} at the Vault`);
    findings.push(...(await checkLeaves(sql, epoch, args.root)));
  }
  for (const { number, status } of epochs.values())
    if (status === "anchored")
      findings.push({ where: `epoch ${number}`, problem: "it is anchored here and not at the Vault" });
  return findings;
}

/** Builds the tree again from its leaves, for as long as they are kept. */
async function checkLeaves(sql: Sql, { number, leafCount }: Epoch, root: Hex): Promise<AuditFinding[]> {
  const where = `epoch ${number}`;
  const [kept] = await sql.query<{ count: number; last: number | null }>(
    "SELECT count(*)::int AS count, max(place) AS last FROM solvency_leaf WHERE epoch_number = $1",
    [number],
  );
  if (!kept || kept.count === 0) return [];
  const leaves = await listLeaves(sql, number);
  if (leaves.length * 2 !== leafCount || kept.count !== leaves.length || kept.last !== leaves.length - 1)
    return [
      { where, problem: `it has ${kept.count} accounts with ${leaves.length} salts; its root has ${leafCount / 2}` },
    ];
  const tree = buildEpochTree(env.CHAIN_ID, number, leaves);
  return tree.root === root.toLowerCase() ? [] : [{ where, problem: "its leaves do not make the root at the Vault" }];
}

async function readHeads(sql: Sql, hashes: readonly Hex[]): Promise<Map<Hex, bigint>> {
  const rows = await sql.query<{ hash: Hex; link: bigint }>(
    `SELECT '0x' || encode(hash, 'hex') AS hash, link FROM ledger_batch WHERE link IS NOT NULL
      AND hash IN (SELECT decode(substr(h, 3), 'hex') FROM unnest($1::text[]) h)`,
    [hashes],
  );
  return new Map(rows.map(({ hash, link }) => [hash, link]));
}
