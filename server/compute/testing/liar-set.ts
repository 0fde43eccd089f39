import { argon2Sync, randomUUID } from "node:crypto";
import { newId } from "#core/ids.ts";
import { chatOrder } from "#core/inference-order.ts";
import { chatRequest } from "#core/schemas/chat.ts";
import type { Hardware } from "#core/schemas/node-protocol.ts";
import { db, pool, sqlOf } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";
import { ensureAccounts, ensurePlatformAccounts } from "#server/ledger/ensure-accounts.ts";
import { postTransfers } from "#server/ledger/post-transfers.ts";
import { saveRental } from "../jobs/save-rental.ts";
import { recordHeartbeat } from "../record-heartbeat.ts";
import { startInference } from "../run-inference.ts";
import { findPair, runContention } from "../trust/contention.ts";
import { runFingerprint } from "../trust/fingerprint.ts";
import { suspendDuplicates } from "../trust/hardware-claims.ts";
import { askForMemory, judgeMemory, memoryProof, receiveMemoryProof, takeMemoryChallenges } from "../trust/memory.ts";
import { putPaperNode } from "./paper-node.ts";
import { createDevice, type SimulatedDevice, serveModel } from "./simulated-device.ts";

/**
 * Nodes that lie about what they are, each in one way, among honest ones that differ as honest machines do. Every liar is
 * given to the same tests as everybody; what comes of it is read from the database.
 */
export type Found = { trust: string; reason: string | null };
export type LiarSet = {
  /** What became of each liar, by what it lies about. */
  liars: Record<string, Found>;
  honest: Record<string, Found>;
};

type World = { close: (() => void)[]; model: string };

async function newActor(units = 0n): Promise<Actor> {
  const userId = newId("user");
  await db.user.create({ data: { id: userId, name: "Liar set", roles: ["user", "provider"] } });
  if (units > 0n) {
    const credit = `user:${userId}`;
    await ensurePlatformAccounts();
    await ensureAccounts(sqlOf(pool), [{ code: credit, asset: "USD", ownerId: userId }]);
    await postTransfers([
      { key: `liar-set:${userId}`, debit: "platform:external", credit, amount: units, asset: "USD", kind: "test" },
    ]);
  }
  return { userId, roles: ["user", "provider"], via: "session", scopes: ["inference:write"] };
}

const card = (uuid = `GPU-${randomUUID()}`): Hardware["gpus"] => [
  { name: "NVIDIA H100 80GB HBM3", uuid, memoryBytes: 85_520_809_984, driver: "580.1" },
];

type Put = { isReference?: boolean; ownerId?: string; gpus?: Hardware["gpus"]; answer: SimulatedDevice["answer"] };

async function putNode(world: World, { ownerId, gpus, answer, isReference = false }: Put): Promise<string> {
  const server = await serveModel(answer);
  world.close.push(server.close);
  return putPaperNode(ownerId ?? (await newActor()).userId, world.model, {
    directUrl: server.url,
    features: ["chat", "logprobs"],
    canContinue: false,
    gpus: gpus ?? [],
    isReference,
  });
}

async function foundOf(nodeId: string): Promise<Found> {
  const node = await db.computeNode.findUniqueOrThrow({ where: { id: nodeId } });
  return { trust: node.trust, reason: node.trustReason };
}

/** Takes nodes out of the market, so that the next liar meets only those it is meant to meet. */
const remove = (nodeIds: string[]) =>
  db.computeNode.updateMany({ where: { id: { in: nodeIds } }, data: { status: "removed" } });

const honestDevice = (rounding: string, msPerToken = 0.05) =>
  createDevice({ weights: "the real weights", rounding, msPerToken });

/** Another model, a smaller one, under the name of the first. */
async function wrongModel(world: World): Promise<Found> {
  const nodeId = await putNode(world, { answer: createDevice({ weights: "smaller weights" }).answer });
  await runFingerprint(nodeId, world.model);
  const found = await foundOf(nodeId);
  await remove([nodeId]);
  return found;
}

/** The right model for half of what it is asked, a smaller one for the rest. */
async function sometimesWrong(world: World): Promise<Found> {
  const right = honestDevice("sometimes");
  const wrong = createDevice({ weights: "smaller weights" });
  let count = 0;
  const nodeId = await putNode(world, {
    answer: (prompt, tokens) => {
      count += 1;
      return (count % 4 === 0 ? right : wrong).answer(prompt, tokens);
    },
  });
  for (let round = 0; round < 4; round += 1) await runFingerprint(nodeId, world.model);
  const found = await foundOf(nodeId);
  await remove([nodeId]);
  return found;
}

/** Two accounts of one person, with the same false weights, where the operator has no node to hold them against. */
async function conspirators(): Promise<Found> {
  const world: World = { close: [], model: `liar-set/${newId("model").slice(-8)}` };
  const answer = createDevice({ weights: "smaller weights" }).answer;
  const nodes = [await putNode(world, { answer }), await putNode(world, { answer })];
  const honest = await putNode(world, { answer: honestDevice("alone").answer });
  for (const nodeId of [...nodes, honest]) await runFingerprint(nodeId, world.model);
  const found = await Promise.all([...nodes, honest].map(foundOf));
  await remove([...nodes, honest]);
  for (const close of world.close) close();
  // Neither of them is believed, and the honest one is not accused by them.
  const isCaught = found.every(({ trust, reason }) => trust === "new" && reason === null);
  return isCaught ? { trust: "new", reason: "nobody vouches" } : (found[0] ?? { trust: "none", reason: null });
}

/** Work that is bought from the platform itself and sold on. */
async function relayed(world: World): Promise<Found> {
  const buyer = await newActor(10_000_000n);
  const other = await putNode(world, { answer: honestDevice("bought").answer });
  const buy = async (prompt: string, tokens: number) => {
    const body = {
      model: world.model,
      messages: [{ role: "user", content: `Please. ${prompt}` }],
      max_tokens: tokens,
      converge: { node: other },
    };
    const running = await startInference(buyer, chatOrder(chatRequest.parse(body)));
    let text = "";
    for await (const event of running.events) {
      if (event.type === "piece" && event.piece.type === "text") text += event.piece.text;
      if (event.type === "end") await event.settled;
    }
    return text.split(/(?= )/).map((token) => ({ token, logprob: -0.1, other: "", otherLogprob: -9 }));
  };
  const nodeId = await putNode(world, { answer: buy });
  await runFingerprint(nodeId, world.model);
  // The look at what was ordered is taken after the answer left.
  for (let i = 0; i < 40 && (await foundOf(nodeId)).trust !== "suspended"; i += 1)
    await new Promise((resume) => setTimeout(resume, 25));
  const found = await foundOf(nodeId);
  await remove([nodeId, other]);
  return found;
}

/** One device behind two nodes of one provider. */
async function twoNames(world: World): Promise<Found> {
  const device = honestDevice("shared", 1);
  const ownerId = (await newActor()).userId;
  const first = await putNode(world, { ownerId, gpus: card(), answer: device.answer });
  const second = await putNode(world, { ownerId, gpus: card(), answer: device.answer });
  const pair = await findPair(first);
  if (pair) await runContention(pair);
  const found = await foundOf(second);
  await remove([first, second]);
  return found;
}

/** Fast until it is trusted, then slow. */
async function throttling(world: World): Promise<Found> {
  const device = honestDevice("throttled", 0.5);
  const nodeId = await putNode(world, { answer: device.answer });
  for (let round = 0; round < 6; round += 1) await runFingerprint(nodeId, world.model);
  device.setPace(4);
  for (let round = 0; round < 3; round += 1) await runFingerprint(nodeId, world.model);
  const found = await foundOf(nodeId);
  await remove([nodeId]);
  return found;
}

type Prover = (nonce: string, memoryMb: number) => string | null;
const proveHonestly: Prover = (nonce, memoryMb) => argon2Sync("argon2d", memoryProof(nonce, memoryMb)).toString("hex");

/** Has a node asked for its memory, and answers as its owner would. */
async function memoryOf(world: World, prove: Prover, times: number, lateByS = 0): Promise<Found> {
  const nodeId = await putNode(world, { answer: honestDevice("memory").answer });
  await saveRental(sqlOf(pool), nodeId, {
    runners: ["bubblewrap"],
    cpuCores: 8,
    memoryMb: 128,
    diskMb: 1_000,
    gpus: [],
    allowsNetwork: false,
    hasImages: false,
    pricePerCoreHour: "1",
    pricePerGpuHour: "1",
    region: null,
    jobsMax: 1,
  });
  const node = await db.computeNode.findUniqueOrThrow({ where: { id: nodeId } });
  await runFingerprint(nodeId, world.model);
  for (let time = 0; time < times; time += 1) {
    await askForMemory(nodeId);
    for (const challenge of await takeMemoryChallenges(nodeId)) {
      if (lateByS > 0)
        await pool.query("UPDATE compute_challenge SET sent_at = sent_at - make_interval(secs => $2) WHERE id = $1", [
          challenge.id,
          lateByS,
        ]);
      const digest = prove(challenge.nonce, challenge.memoryMb);
      if (digest !== null) await receiveMemoryProof({ ...node, nodeId }, { id: challenge.id, digest, reason: null });
    }
    await judgeMemory();
  }
  const found = await foundOf(nodeId);
  await remove([nodeId]);
  return found;
}

type Node = { id: string; publicKey: string; ownerId: string; directUrl: string | null };

const beat = ({ id, publicKey, ownerId, directUrl }: Node, model: string, gpus: Hardware["gpus"]) =>
  recordHeartbeat(
    { nodeId: id, ownerId, publicKey },
    {
      direct: { url: directUrl ?? "", key: null },
      version: "test",
      hardware: { cpuModel: "test", cpuCores: 1, memoryBytes: 1, platform: "test", gpus },
      offers: [
        {
          model,
          inputPrice: "0",
          outputPrice: "1000000",
          contextTokens: 4_096,
          canContinue: false,
          precision: null,
          features: ["chat", "logprobs"],
        },
      ],
      capacity: 4,
      draining: false,
    },
    "192.0.2.1",
  );

async function heartbeats(world: World): Promise<{ swapped: Found; duplicate: Found; robbed: Found }> {
  const answer = honestDevice("cards").answer;
  const put = async (gpus: Hardware["gpus"]) => {
    const nodeId = await putNode(world, { gpus, answer });
    const node = await db.computeNode.findUniqueOrThrow({ where: { id: nodeId } });
    const say = (cards: Hardware["gpus"]) => beat(node, world.model, cards);
    await say(gpus);
    return { nodeId, say };
  };
  const stolen = card();
  const owner = await put(stolen);
  const thief = await put(stolen);
  const swapper = await put(card());
  await runFingerprint(swapper.nodeId, world.model);
  await swapper.say(card());
  const swapped = await foundOf(swapper.nodeId);
  // Both have been there for a minute.
  await pool.query(
    "UPDATE compute_gpu SET first_seen_at = first_seen_at - interval '1 minute' WHERE node_id = ANY($1)",
    [[owner.nodeId, thief.nodeId]],
  );
  await suspendDuplicates();
  const [duplicate, robbed] = [await foundOf(thief.nodeId), await foundOf(owner.nodeId)];
  await remove([owner.nodeId, thief.nodeId, swapper.nodeId]);
  return { swapped, duplicate, robbed };
}

/** Honest nodes on unlike machines, each tested over and over, two of one provider beside each other. */
async function honestNodes(world: World): Promise<Record<string, Found>> {
  const ownerId = (await newActor()).userId;
  const nodes = {
    "of one provider, first": await putNode(world, { ownerId, gpus: card(), answer: honestDevice("north", 1).answer }),
    "of one provider, second": await putNode(world, { ownerId, gpus: card(), answer: honestDevice("east", 1).answer }),
    slower: await putNode(world, { answer: honestDevice("south", 2).answer }),
    faster: await putNode(world, { answer: honestDevice("west").answer }),
  };
  for (let round = 0; round < 4; round += 1)
    for (const nodeId of Object.values(nodes)) await runFingerprint(nodeId, world.model);
  const pair = await findPair(nodes["of one provider, first"]);
  if (pair) await runContention(pair);
  const found: Record<string, Found> = {};
  for (const [name, nodeId] of Object.entries(nodes)) found[name] = await foundOf(nodeId);
  await remove(Object.values(nodes));
  return found;
}

/** Runs every liar and every honest node through the tests. */
export async function runLiarSet(): Promise<LiarSet> {
  const world: World = { close: [], model: `liar-set/${newId("model").slice(-8)}` };
  const standing = [
    await putNode(world, { isReference: true, answer: honestDevice("the operator's").answer }),
    await putNode(world, { answer: honestDevice("somebody's").answer }),
  ];
  try {
    const cards = await heartbeats(world);
    const liars: Record<string, Found> = {
      "another model": await wrongModel(world),
      "another model now and then": await sometimesWrong(world),
      "relayed work": await relayed(world),
      "two that vouch for each other": await conspirators(),
      "one card under two names": await twoNames(world),
      "a card that is another's": cards.duplicate,
      "a card that was exchanged": cards.swapped,
      "throttled once trusted": await throttling(world),
      "memory it has not": await memoryOf(world, (nonce) => proveHonestly(nonce, 16), 1),
      "memory on a disk": await memoryOf(world, proveHonestly, 3, 60),
    };
    const honest: Record<string, Found> = {
      ...(await honestNodes(world)),
      "whose card another claimed": cards.robbed,
      "with the memory it rents out": await memoryOf(world, proveHonestly, 2),
    };
    for (const [index, nodeId] of standing.entries()) honest[`standing ${index + 1}`] = await foundOf(nodeId);
    return { liars, honest };
  } finally {
    await remove(standing);
    for (const close of world.close) close();
  }
}
