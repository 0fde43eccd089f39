import type { Hex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AdjustmentSource } from "#core/adjustment.ts";
import { DomainError } from "#core/errors.ts";
import { testUsdAbi, vaultAbi } from "#core/generated/abis.ts";
import type { AdjustmentView } from "#core/schemas/adjustment.ts";
import { ALL_SCOPES } from "#core/scopes.ts";
import { publicClient } from "#server/chain/client.ts";
import { loadDeployment } from "#server/chain/deployments.ts";
import { indexChain } from "#server/chain/index-chain.ts";
import { db, pool } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { createUser } from "#server/identity/users.ts";
import { EXTERNAL_ACCOUNT, REVENUE_ACCOUNT, userAccount, VAULT_ACCOUNT } from "#server/ledger/account-codes.ts";
import { ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { getBalance } from "#server/ledger/get-balance.ts";
import { listStatement } from "#server/ledger/list-statement.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { freshKey, openAccounts } from "#server/ledger/testing/accounts.ts";
import { auditMoney } from "#server/solvency/audit-money.ts";
import { UNCLAIMED_ACCOUNT } from "#server/wallets/count-unassigned-transfers.ts";
import { listUnassignedTransfers } from "#server/wallets/list-unassigned-transfers.ts";
import { depositFor, followUntilQuiet, mined, outsideAccount, outsider } from "#server/wallets/testing/wallet-world.ts";
import { approveAdjustment, rejectAdjustment } from "./decide-adjustment.ts";
import { getOwnAdjustment } from "./get-own-adjustment.ts";
import { getAdjustment, listAdjustments } from "./list-adjustments.ts";
import { proposeAdjustment } from "./propose-adjustment.ts";

const { contracts } = loadDeployment();
let proposer: Actor;
let approver: Actor;
let other: Actor;
let rich: string;
let poor: string;

async function createAdmin(): Promise<Actor> {
  const userId = await db.$transaction((tx) => createUser(tx, { name: "Admin", roles: ["user", "admin"] }));
  return { userId, roles: ["user", "admin"], via: "session", scopes: ALL_SCOPES };
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: unknown) => {
      if (error instanceof DomainError) return error.code;
      throw error;
    },
  );
const balance = async (code: string) => (await getBalance(code)).posted;
const move = (debit: string, credit: string, units: bigint) => ({ debit, credit, units: units.toString() });
const propose = (transfers: ReturnType<typeof move>[], source?: AdjustmentSource) =>
  proposeAdjustment(proposer, { reason: "Paid to the wrong person", transfers, ...(source ? { source } : {}) });
const approve = (actor: Actor, { id, contentHash }: AdjustmentView) => approveAdjustment(actor, { id, contentHash });
const reject = (actor: Actor, { id }: AdjustmentView) => rejectAdjustment(actor, { id, reason: "Not proven" });

/** Dollars sent to the Vault without a reference, as somebody does by mistake; answers where the ledger has them. */
async function sendWithoutDeposit(amount: bigint): Promise<AdjustmentSource> {
  const hash: Hex = await outsider.writeContract({
    account: await outsideAccount(),
    chain: null,
    address: contracts.TestUSD,
    abi: testUsdAbi,
    functionName: "transfer",
    args: [contracts.Vault, amount],
  });
  await mined(hash);
  await followUntilQuiet();
  const { data } = await listUnassignedTransfers({ limit: 50 });
  const found = data.find(({ transactionHash }) => transactionHash === hash);
  if (!found) throw new Error("The transfer was not seen.");
  return { kind: "unassigned", transactionHash: hash, logIndex: found.logIndex };
}

/** What the audit finds, but for money that this test makes out of nothing: it grows with each line of it. */
const differences = async () =>
  (await auditMoney()).sections
    .flatMap(({ name, findings }) => findings.map(({ where, problem }) => `${name}: ${where}: ${problem}`))
    .filter((line) => !line.endsWith("are missing"));

beforeAll(async () => {
  await ensurePlatformAccounts();
  [proposer, approver, other] = [await createAdmin(), await createAdmin(), await createAdmin()];
  [rich = "", poor = ""] = await openAccounts(1_000_000n, 10n);
  await followUntilQuiet();
});
afterAll(async () => {
  await db.$disconnect();
  await pool.end();
});

describe("an adjustment", () => {
  it("moves nothing until another admin approves it, and then exactly what was proposed, in both statements", async () => {
    const before = await balance(rich);
    const proposed = await propose([move(rich, poor, 5n), move(rich, REVENUE_ACCOUNT, 2n)]);
    expect(proposed).toMatchObject({ status: "open", proposedBy: { id: proposer.userId }, decidedBy: null });
    expect(await balance(rich)).toBe(before);
    expect(await codeOf(approve(proposer, proposed))).toBe("ADJUSTMENT_OWN");
    expect(await codeOf(reject(proposer, proposed))).toBe("ADJUSTMENT_OWN");

    const posted = await approve(approver, proposed);
    expect(posted).toMatchObject({ status: "posted", decidedBy: { id: approver.userId } });
    expect(await balance(rich)).toBe(before - 7n);
    for (const [code, amount] of [
      [rich, -5n],
      [poor, 5n],
    ] as const) {
      const { data } = await listStatement(code, { limit: 5 });
      expect(data.find((entry) => entry.amount === amount)).toMatchObject({
        transferId: posted.transfers[0]?.transferId,
        kind: "adjustment",
        refId: proposed.id,
        memo: "Paid to the wrong person",
      });
    }
    const actions = await db.adminAction.findMany({ where: { subject: proposed.id }, orderBy: { id: "asc" } });
    expect(actions.map(({ userId, action }) => [userId, action])).toEqual([
      [proposer.userId, "adjustment.propose"],
      [approver.userId, "adjustment.approve"],
    ]);
  });

  it("approved by two at once, and by each again, is posted once", async () => {
    const before = await balance(rich);
    const proposed = await propose([move(rich, poor, 3n)]);
    const answers = await Promise.all(
      [approver, other, approver, other, approver].map((actor) => codeOf(approve(actor, proposed))),
    );
    expect(answers.filter((code) => code === "done").length).toBeGreaterThanOrEqual(1);
    expect(new Set(answers.filter((code) => code !== "done"))).toEqual(new Set(["ADJUSTMENT_CLOSED"]));
    expect(await balance(rich)).toBe(before - 3n);
    const winner = (await getAdjustment(proposed)).decidedBy?.id === approver.userId ? approver : other;
    expect((await approve(winner, proposed)).status).toBe("posted");
    expect(await balance(rich)).toBe(before - 3n);
  });

  it("approved and rejected at once is one of both", async () => {
    for (let round = 0; round < 8; round += 1) {
      const before = await balance(rich);
      const proposed = await propose([move(rich, poor, 1n)]);
      const answers = await Promise.all([codeOf(approve(approver, proposed)), codeOf(reject(other, proposed))]);
      expect(answers.sort()).toEqual(["ADJUSTMENT_CLOSED", "done"]);
      const { status } = await getAdjustment(proposed);
      expect(await balance(rich)).toBe(status === "posted" ? before - 1n : before);
    }
  });

  it("is all or nothing: without the money it says whose is short, moves nothing and stays open", async () => {
    const before = await balance(rich);
    const [broke = ""] = await openAccounts(4n);
    const proposed = await propose([move(rich, poor, 1n), move(broke, poor, 5n)]);
    await expect(approve(approver, proposed)).rejects.toMatchObject({
      code: "INSUFFICIENT_FUNDS",
      details: { account: broke },
    });
    expect(await getAdjustment(proposed)).toMatchObject({ status: "open", decidedBy: null });
    expect(await balance(rich)).toBe(before);
    expect(await db.adminAction.count({ where: { subject: proposed.id } })).toBe(1);
    await postTransfers([{ key: freshKey(), debit: rich, credit: broke, amount: 1n, asset: "USD", kind: "payment" }]);
    expect((await approve(approver, proposed)).status).toBe("posted");
    expect(await balance(broke)).toBe(0n);
  });

  it("is approved for what was read: another hash, or other terms behind it, posts nothing", async () => {
    const proposed = await propose([move(rich, poor, 1n)]);
    expect(await codeOf(approve(approver, { ...proposed, contentHash: "0".repeat(64) }))).toBe("ADJUSTMENT_CHANGED");
    await expect(
      pool.query("UPDATE adjustment_transfer SET amount = 2 WHERE adjustment_id = $1", [proposed.id]),
    ).rejects.toThrow();
    await expect(pool.query("UPDATE adjustment SET reason = 'x' WHERE id = $1", [proposed.id])).rejects.toThrow();
    const client = await pool.connect();
    try {
      await client.query("SET session_replication_role = replica");
      await client.query("UPDATE adjustment_transfer SET amount = 2 WHERE adjustment_id = $1", [proposed.id]);
    } finally {
      await client.query("SET session_replication_role = DEFAULT");
      client.release();
    }
    expect(await codeOf(approve(approver, proposed))).toBe("ADJUSTMENT_CHANGED");
    expect((await getAdjustment(proposed)).status).toBe("open");
  });

  it("that nobody approved in time is not approved any more", async () => {
    const proposed = await proposeAdjustment(
      proposer,
      { reason: "Too late", transfers: [move(rich, poor, 1n)] },
      { openMs: 0 },
    );
    expect(proposed.status).toBe("expired");
    expect(await codeOf(approve(approver, proposed))).toBe("ADJUSTMENT_CLOSED");
    expect((await listAdjustments({ limit: 100, state: "open" })).data.map(({ id }) => id)).not.toContain(proposed.id);
  });

  it("is not approved by somebody who has something from it", async () => {
    const proposed = await propose([move(rich, userAccount(approver.userId), 1n)]);
    expect(await codeOf(approve(approver, proposed))).toBe("ADJUSTMENT_OWN");
    expect((await approve(other, proposed)).status).toBe("posted");
  });

  it("under one key is one proposal, and under the same key no other", async () => {
    const key = freshKey();
    const input = { reason: "Once", transfers: [move(rich, poor, 1n)] };
    const made = await Promise.all([1, 2, 3].map(() => proposeAdjustment(proposer, input, { key })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await codeOf(proposeAdjustment(proposer, { ...input, reason: "Other" }, { key }))).toBe(
      "IDEMPOTENCY_KEY_REUSED",
    );
  });

  it("touches no money from elsewhere, no account that is not there, and the Vault's only for what the chain says", async () => {
    const nowhere = { transactionHash: `0x${"1".repeat(64)}`, logIndex: 0 };
    const cases: [ReturnType<typeof move>[], AdjustmentSource | undefined, string][] = [
      [[move(EXTERNAL_ACCOUNT, poor, 1n)], undefined, "ADJUSTMENT_REFUSED"],
      [[move(EXTERNAL_ACCOUNT, poor, 1n)], { kind: "deposit", ...nowhere }, "ADJUSTMENT_REFUSED"],
      [[move(VAULT_ACCOUNT, poor, 1n)], undefined, "ADJUSTMENT_REFUSED"],
      [[move(VAULT_ACCOUNT, poor, 1n)], { kind: "deposit", ...nowhere }, "ADJUSTMENT_REFUSED"],
      [[move(poor, VAULT_ACCOUNT, 1n)], { kind: "withdrawal", ...nowhere }, "ADJUSTMENT_REFUSED"],
      [[move(rich, poor, 1n)], { kind: "deposit", ...nowhere }, "ADJUSTMENT_REFUSED"],
      [[move(rich, "user:usr_nobody", 1n)], undefined, "ACCOUNT_NOT_FOUND"],
      [[move(rich, rich, 1n)], undefined, "ACCOUNTS_EQUAL"],
    ];
    for (const [transfers, source, code] of cases) expect(await codeOf(propose(transfers, source))).toBe(code);
  });

  it("is read by those whose money it moved, and is not there for anybody else", async () => {
    const [owner, agentless] = [await createAdmin(), await createAdmin()];
    const proposed = await propose([move(rich, userAccount(owner.userId), 9n), move(rich, poor, 1n)]);
    expect(await codeOf(getOwnAdjustment(owner, proposed))).toBe("NOT_FOUND");
    await approve(approver, proposed);
    expect(await getOwnAdjustment(owner, proposed)).toMatchObject({
      reason: "Paid to the wrong person",
      contentHash: proposed.contentHash,
      transferCount: 2,
      proposedBy: "Admin",
      approvedBy: "Admin",
    });
    expect(await codeOf(getOwnAdjustment(agentless, proposed))).toBe("NOT_FOUND");
    expect(await codeOf(getOwnAdjustment({ ...owner, agentId: "agt_1" }, proposed))).toBe("NOT_FOUND");
  });
});

describe("money that came without a deposit", () => {
  it("is given away whole and once, however many try, and the audit finds nothing new", async () => {
    const source = await sendWithoutDeposit(700n);
    const before = new Set(await differences());
    const had = await balance(UNCLAIMED_ACCOUNT);
    expect(await codeOf(propose([move(UNCLAIMED_ACCOUNT, poor, 700n)]))).toBe("ADJUSTMENT_REFUSED");
    expect(await codeOf(propose([move(UNCLAIMED_ACCOUNT, poor, 699n)], source))).toBe("ADJUSTMENT_REFUSED");
    const split = await propose([move(UNCLAIMED_ACCOUNT, poor, 690n), move(UNCLAIMED_ACCOUNT, rich, 10n)], source);
    const again = await propose([move(UNCLAIMED_ACCOUNT, rich, 700n)], source);
    expect((await listUnassignedTransfers({ limit: 50 })).data).toContainEqual(
      expect.objectContaining({ transactionHash: source.transactionHash, proposal: again.id }),
    );
    // More unclaimed money of others lies there: the second must not be paid with it.
    await sendWithoutDeposit(5_000n);
    const answers = await Promise.all([codeOf(approve(approver, split)), codeOf(approve(other, again))]);
    expect(answers.sort()).toEqual(["ADJUSTMENT_REFUSED", "done"]);
    expect(await balance(UNCLAIMED_ACCOUNT)).toBe(had - 700n + 5_000n);
    expect(
      (await listUnassignedTransfers({ limit: 50 })).data.map(({ transactionHash }) => transactionHash),
    ).not.toContain(source.transactionHash);
    expect((await differences()).filter((line) => !before.has(line))).toEqual([]);
  });
});

describe("a deposit that the ledger missed", () => {
  it("is booked by two people as the chain has it, once, and the audit is content again", async () => {
    const before = new Set(await differences());
    const fresh = async () => (await differences()).filter((line) => !before.has(line));
    const person = await createAdmin();
    const code = userAccount(person.userId);
    await depositFor(code, 1_234n);
    // An indexer that is deaf for a moment: the block is passed, and nothing was applied.
    while ((await indexChain([])).pending);
    const block = await publicClient().getBlockNumber();
    const [event] = await publicClient().getContractEvents({
      address: contracts.Vault,
      abi: vaultAbi,
      eventName: "Deposited",
      fromBlock: block,
    });
    if (!event) throw new Error("There was no deposit.");
    const source = { kind: "deposit" as const, transactionHash: event.transactionHash, logIndex: event.logIndex };
    expect(await fresh()).toHaveLength(2);

    for (const units of [1_233n, 1_235n])
      expect(await codeOf(propose([move(VAULT_ACCOUNT, code, units)], source))).toBe("ADJUSTMENT_REFUSED");
    expect(await codeOf(propose([move(code, VAULT_ACCOUNT, 1_234n)], source))).toBe("ADJUSTMENT_REFUSED");
    const missed = await propose([move(VAULT_ACCOUNT, code, 1_234n)], source);
    const again = await propose([move(VAULT_ACCOUNT, code, 1_234n)], source);
    const answers = await Promise.all([codeOf(approve(approver, missed)), codeOf(approve(other, again))]);
    expect(answers.sort()).toEqual(["ADJUSTMENT_REFUSED", "done"]);
    expect(await balance(code)).toBe(1_234n);
    expect(await fresh()).toEqual([]);
  });
});

describe("the audit of adjustments", () => {
  it("finds one that nobody approved, and unclaimed money that left without a name", async () => {
    await sendWithoutDeposit(40n);
    const before = new Set(await differences());
    const fresh = async () => (await differences()).filter((line) => !before.has(line));
    const key = `adjustment:forged-${freshKey()}:0`;
    await postTransfers([
      {
        key,
        debit: UNCLAIMED_ACCOUNT,
        credit: poor,
        amount: 40n,
        asset: "USD",
        kind: "adjustment",
        refId: "adj_forged",
      },
    ]);
    expect(await fresh()).toEqual([
      `adjustments: transfer ${key}: an adjustment of 40 that nobody approved`,
      `adjustments: transfer ${key}: it moves 40 of unclaimed money for no named transfer`,
    ]);
  });
});
