import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "#core/ids.ts";
import { rentalFilter } from "#core/schemas/market.ts";
import { ALL_SCOPES } from "#core/scopes.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { saveRental } from "../jobs/save-rental.ts";
import { readCandidates } from "../list-candidates.ts";
import { listMarket } from "../list-market.ts";
import { listMyNodes, listNodes } from "../list-nodes.ts";
import { notePrices, priceHistory } from "../price-history.ts";
import { getProviderSummary } from "../provider-summary.ts";
import { putPaperNode } from "../testing/paper-node.ts";
import { banNode, reinstateNode } from "./decide-node.ts";
import { listMyDisputes, openDispute, resolveDispute } from "./disputes.ts";
import { suspendNode } from "./judge-node.ts";
import { listMyChallenges } from "./list-challenges.ts";

let provider: Actor;
let admin: Actor;
const MODEL = `decisions/${newId("model").slice(-8)}`;
const CARD = { name: "NVIDIA L4", uuid: "GPU-11111111-2222-3333-4444-55555555abcd", memoryBytes: 1, driver: "1" };

async function newActor(roles: Actor["roles"]): Promise<Actor> {
  const userId = newId("user");
  await db.user.create({ data: { id: userId, name: "Decisions", roles } });
  return { userId, roles, via: "session", scopes: ALL_SCOPES };
}

const rent = (nodeId: string, terms: { gpu?: string; gpuPrice?: string; corePrice?: string } = {}) =>
  saveRental(sqlOf(pool), nodeId, {
    runners: ["bubblewrap"],
    cpuCores: 8,
    memoryMb: 16_000,
    diskMb: 1_000,
    gpus: terms.gpu ? [{ model: terms.gpu, memoryMb: 24_000, count: 2 }] : [],
    allowsNetwork: false,
    hasImages: false,
    pricePerCoreHour: terms.corePrice ?? "20000",
    pricePerGpuHour: terms.gpuPrice ?? "1000000",
    region: null,
    jobsMax: 4,
  });

beforeAll(async () => {
  provider = await newActor(["user", "provider"]);
  admin = await newActor(["user", "admin"]);
});
afterAll(async () => {
  await db.computeNode.updateMany({ where: { ownerId: provider.userId }, data: { status: "removed" } });
  await db.$disconnect();
  await pool.end();
});

describe("a suspension", () => {
  it("is disputed once at a time by its provider alone, and lifted or kept once", async () => {
    const nodeId = await putPaperNode(provider.userId, MODEL);
    const dispute = { nodeId, statement: "The driver was updated in between." };
    await expect(openDispute(provider, dispute)).rejects.toMatchObject({ code: "NODE_NOT_SUSPENDED" });
    await suspendNode(nodeId, "wrong-model", {});
    expect((await readCandidates(MODEL)).map((one) => one.nodeId)).not.toContain(nodeId);
    await expect(openDispute(admin, dispute)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const both = await Promise.allSettled([openDispute(provider, dispute), openDispute(provider, dispute)]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const [open] = (await listMyDisputes(provider, { limit: 5 })).data;
    if (!open) throw new Error("There is no dispute");
    expect(open).toMatchObject({ status: "open", trust: "suspended", trustReason: "wrong-model" });
    const decision = { id: open.id, decision: "reverse" as const, resolution: "The references had another template." };
    const decided = await Promise.allSettled([resolveDispute(admin, decision), resolveDispute(admin, decision)]);
    expect(decided.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await readCandidates(MODEL)).map((one) => one.nodeId)).toContain(nodeId);
    expect(await db.adminAction.count({ where: { subject: nodeId, action: "dispute.reverse" } })).toBe(1);
  });

  it("stands where it is upheld, and a later dispute may be opened", async () => {
    const nodeId = await putPaperNode(provider.userId, MODEL);
    await suspendNode(nodeId, "relayed", {});
    const { id } = await openDispute(provider, { nodeId, statement: "It was me." });
    await resolveDispute(admin, { id, decision: "uphold", resolution: "That is what it means." });
    expect((await listMyNodes(provider, { limit: 5 })).data.find((one) => one.id === nodeId)?.trust).toBe("suspended");
    await expect(openDispute(provider, { nodeId, statement: "But still." })).resolves.toMatchObject({ status: "open" });
  });
});

describe("the back office", () => {
  it("bans a node and lets it back in as a new one, each with its reason", async () => {
    const nodeId = await putPaperNode(provider.userId, MODEL);
    await banNode(admin, { id: nodeId, reason: "Sells stolen cards." });
    const banned = await db.computeNode.findUniqueOrThrow({ where: { id: nodeId } });
    expect(banned).toMatchObject({ trust: "banned", trustReason: "Sells stolen cards." });
    // A test that ends later changes nothing of it.
    expect(await suspendNode(nodeId, "wrong-model", {})).toBe(false);
    await reinstateNode(admin, { id: nodeId, reason: "It was another one." });
    expect(await db.computeNode.findUniqueOrThrow({ where: { id: nodeId } })).toMatchObject({
      trust: "new",
      trustReason: null,
    });
    await expect(banNode(admin, { id: "node_unknown", reason: "None." })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("the market", () => {
  it("shows machines by GPU, price and trust, and counts those beyond its limit", async () => {
    const [dear, cheap, plain] = await Promise.all([
      putPaperNode(provider.userId, MODEL),
      putPaperNode(provider.userId, MODEL),
      putPaperNode(provider.userId, MODEL),
    ]);
    await rent(dear, { gpu: "Test L4", gpuPrice: "900000" });
    await rent(cheap, { gpu: "Test L4", gpuPrice: "400000" });
    await rent(plain, { corePrice: "7" });
    await db.computeNode.update({ where: { id: dear }, data: { trust: "verified", tokensPerSecond: 90 } });
    const found = async (filter: object) =>
      (await listMarket(rentalFilter.parse(filter))).data.map(({ nodeId }) => nodeId);
    expect(await found({ gpu: "test l4" })).toEqual([cheap, dear]);
    expect(await found({ gpu: "test l4", sort: "speed" })).toEqual([dear, cheap]);
    expect(await found({ gpu: "test l4", trust: "verified" })).toEqual([dear]);
    expect(await found({ gpu: "test l4", priceMax: "500000" })).toEqual([cheap]);
    expect(await found({ gpu: "none", priceMax: "7" })).toEqual([plain]);
    expect(await found({ gpu: "test l4", gpuMemoryMb: 30_000 })).toEqual([]);
    const first = await listMarket(rentalFilter.parse({ gpu: "test l4", limit: 1 }));
    expect(first).toMatchObject({ total: 2, data: [{ nodeId: cheap, free: { gpus: 2 }, speedPerDollar: null }] });
    expect(first.gpus).toContain("Test L4");
    await notePrices();
    await notePrices();
    const { data } = await priceHistory({ kind: "gpu-hour", key: "Test L4", days: 1 });
    expect(data).toMatchObject([{ priceMin: "400000", offers: 2 }]);
  });

  it("tells a card's whole number to its provider alone", async () => {
    const nodeId = await putPaperNode(provider.userId, MODEL, { gpus: [CARD] });
    const numberIn = (page: Awaited<ReturnType<typeof listNodes>>) =>
      page.data.find(({ id }) => id === nodeId)?.hardware.gpus[0]?.uuid;
    expect(numberIn(await listNodes({ limit: 50 }))).toBe("…abcd");
    expect(numberIn(await listMyNodes(provider, { limit: 50 }))).toBe(CARD.uuid);
  });
});

describe("a provider", () => {
  it("sees what a day fully rented would bring, after the fee, and only tests that are over", async () => {
    const alone = await newActor(["user", "provider"]);
    const nodeId = await putPaperNode(alone.userId, MODEL, { outputPrice: 1_000_000n });
    await rent(nodeId, { gpu: "Test L4", gpuPrice: "1000000", corePrice: "20000" });
    await db.computeNode.update({ where: { id: nodeId }, data: { tokensPerSecond: 10.5, capacity: 2 } });
    const common = { nodeId, kind: "relay-probe", mark: "secret" };
    await db.computeChallenge.createMany({
      data: [
        { ...common, id: newId("challenge"), status: "running" },
        { ...common, id: newId("challenge"), status: "passed", deviceMs: 86_400, endedAt: new Date() },
      ],
    });
    const summary = await getProviderSummary(alone);
    expect(summary.earned).toEqual({ today: "0", week: "0", month: "0" });
    expect(summary.byDay).toHaveLength(30);
    // 10.5 tokens a second at one micro-dollar each, and 24 hours of 8 cores and 2 cards; 95 of 100 of it, in whole cents.
    const gross = (10_500n * 86_400n) / 1_000n + 24n * (8n * 20_000n + 2n * 1_000_000n);
    const net = (gross * 95n) / 100n;
    expect(summary.nodes).toMatchObject([{ nodeId, fullDay: (net - (net % 10_000n)).toString(), tested: 0.001 }]);
    const challenges = await listMyChallenges(alone, { limit: 10 });
    expect(challenges.data).toHaveLength(1);
    expect(JSON.stringify(challenges)).not.toContain("secret");
  });
});
