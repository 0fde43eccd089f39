import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeHub } from "#server/compute/hub.ts";
import { readCandidates } from "#server/compute/list-candidates.ts";
import { challengeNodes, judgeNodes } from "#server/compute/trust/challenge-nodes.ts";
import { db, pool } from "#server/db.ts";
import { eventually, type NodeProgram, newPerson, startNode } from "./testing/compute-world.ts";
import { serveDoors } from "./testing/serve-doors.ts";

const GGUF = resolve(import.meta.dirname, "../../models/tiny-lm/tiny-1.gguf");
let doors: { url: string; close: () => Promise<void> };
let folder: string;
const nodes: NodeProgram[] = [];

/** The same model with weights of a few bits each: every 16-bit number loses its lower half. */
async function coarseWeights(): Promise<string> {
  const bytes = await readFile(GGUF);
  // The tensors are the last part of the file and far longer than what stands before them.
  for (let at = Math.ceil(bytes.length * 0.15) & ~1; at < bytes.length; at += 2) bytes[at] = 0;
  const file = join(folder, "coarse.gguf");
  await writeFile(file, bytes);
  return file;
}

async function node(args: string[] = []): Promise<NodeProgram> {
  const provider = await newPerson(0n, ["user", "provider"]);
  const started = await startNode(provider.actor, doors.url, args);
  nodes.push(started);
  return started;
}

const trustOf = async ({ nodeId }: NodeProgram) => {
  const { trust, trustReason } = await db.computeNode.findUniqueOrThrow({ where: { id: nodeId } });
  return { trust, trustReason };
};

beforeAll(async () => {
  doors = await serveDoors();
  folder = await mkdtemp(join(tmpdir(), "converge-trust-"));
});
afterAll(async () => {
  await Promise.all(nodes.map((one) => one.kill()));
  await doors.close();
  await rm(folder, { recursive: true });
  await closeHub();
  await db.$disconnect();
  await pool.end();
});

describe("challenges of the node program itself", () => {
  it("verify honest nodes, the memory they rent out included, and find the one whose weights are coarser", async () => {
    const honest = [await node(["--rent", "--rent-memory", "96", "--rent-disk", "100"]), await node(), await node()];
    // One of them is the operator's own.
    await db.computeNode.update({ where: { id: honest[2]?.nodeId ?? "" }, data: { isReference: true } });
    const coarse = await node(["--gguf", await coarseWeights(), "--model", "converge/tiny-1"]);
    await eventually("The verdicts", async () => {
      // As if its time had come each time the worker looks.
      await pool.query("UPDATE compute_node SET next_challenge_at = now() WHERE id = ANY($1)", [
        nodes.map(({ nodeId }) => nodeId),
      ]);
      await challengeNodes();
      await judgeNodes();
      const found = await Promise.all(nodes.map(trustOf));
      return found.slice(0, 3).every(({ trust }) => trust === "verified") && found[3]?.trust === "suspended";
    });
    expect(await trustOf(coarse)).toEqual({ trust: "suspended", trustReason: "wrong-model" });
    const [renting] = honest;
    const memory = await db.computeChallenge.findFirst({
      where: { nodeId: renting?.nodeId ?? "", kind: "memory", status: "passed" },
    });
    expect(memory?.memoryMb).toBe(76);
    // Suspended, it is nobody's choice.
    const candidates = await readCandidates("converge/tiny-1");
    expect(candidates.map(({ nodeId }) => nodeId)).not.toContain(coarse.nodeId);
  });

  it("put the next ones off so far that they take less than a hundredth of a device's time", async () => {
    const first = nodes[1];
    if (!first) throw new Error("There is no node");
    await pool.query("UPDATE compute_node SET next_challenge_at = now() WHERE id = $1", [first.nodeId]);
    const since = new Date();
    await challengeNodes();
    const { _sum } = await db.computeChallenge.aggregate({
      where: { nodeId: first.nodeId, createdAt: { gte: since } },
      _sum: { deviceMs: true },
    });
    const { nextChallengeAt } = await db.computeNode.findUniqueOrThrow({ where: { id: first.nodeId } });
    const pauseMs = (nextChallengeAt?.getTime() ?? 0) - Date.now();
    expect(_sum.deviceMs).toBeGreaterThan(0);
    expect(pauseMs).toBeGreaterThan((_sum.deviceMs ?? 0) * 100);
    expect(pauseMs).toBeGreaterThan(18_000);
  });
});
