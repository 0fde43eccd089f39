import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RentalOffer } from "../core/schemas/job-protocol.ts";
import {
  type Hardware,
  heartbeatReply,
  joinReply,
  NODE_PROTOCOL_VERSION,
  type NodeAccount,
  type Offer,
  pollReply,
  receiptSignatureReply,
} from "../core/schemas/node-protocol.ts";
import { challengeReply, type MemoryChallenge } from "../core/schemas/trust.ts";
import { createAnswers } from "./answer-work.ts";
import { showEvidence } from "./attest.ts";
import { serveDirectly } from "./direct-server.ts";
import type { Engine } from "./engine.ts";
import type { Identity } from "./identity.ts";
import { createLeases } from "./jobs/leases.ts";
import type { Runner } from "./jobs/runner.ts";
import { type Options, UsageError } from "./options.ts";
import { type Platform, PlatformRefusal } from "./platform.ts";
import { proveMemory } from "./prove-memory.ts";
import { type Load, startView } from "./view.ts";

export const VERSION = "0.1.0";
const POLL_SECONDS = 20;
const HEARTBEAT_SECONDS = 5;
const RENTAL_AGAIN_MS = 60_000;
const ACCOUNT_EVERY_BEATS = 3;
const ATTEST_EVERY_MS = 6 * 3_600_000;

export type NodeParts = {
  options: Options;
  identity: Identity;
  engine: Engine;
  platform: Platform;
  hardware: Hardware;
  /** What keeps the jobs of this node apart, and what it rents out; null when it takes none. */
  rental: { runners: Runner[]; offer: () => Promise<RentalOffer> } | null;
  /** Where the platform may call this node, and the key it is told for that. */
  direct: { url: string; listen: number | null; key: string | null } | null;
  say: (line: string) => void;
};

const offersOf = ({ engine, options }: NodeParts): Offer[] =>
  engine.models().map((model) => ({ ...model, inputPrice: options.inputPrice, outputPrice: options.outputPrice }));

const stateOf = (node: NodeParts, offers: Offer[]) => ({
  version: VERSION,
  hardware: node.hardware,
  offers,
  capacity: node.options.capacity,
  region: node.options.region,
  ...(node.direct ? { direct: { url: node.direct.url, key: node.direct.key } } : {}),
});

/** Comes back under the id of an earlier start, or joins with the token. */
export async function joinPlatform(node: NodeParts): Promise<string> {
  const { options, identity, platform, say } = node;
  const known = identity.nodeIdAt(options.url);
  if (known) {
    platform.useNodeId(known);
    try {
      await platform.post(
        "/api/worker/heartbeat",
        { ...stateOf(node, offersOf(node)), draining: false },
        heartbeatReply,
      );
      say(`Back as ${known}.`);
      return known;
    } catch (error) {
      if (!(error instanceof PlatformRefusal) || error.code !== "NODE_UNKNOWN" || !options.token) throw error;
    }
  }
  if (!options.token)
    throw new UsageError(
      "This node has not joined yet: start it once with --token, made on the console's compute page.",
    );
  const { nodeId } = await platform.post(
    "/api/worker/join",
    {
      protocol: NODE_PROTOCOL_VERSION,
      token: options.token,
      name: options.name,
      publicKey: identity.publicKey,
      ...stateOf(node, offersOf(node)),
    },
    joinReply,
  );
  platform.useNodeId(nodeId);
  await identity.remember(options.url, nodeId);
  say(`Joined as ${nodeId}.`);
  return nodeId;
}

/** Pulls work and answers it until the signal fires; then finishes what is at hand. */
export async function serve(
  node: NodeParts,
  nodeId: string,
  drain: AbortSignal,
  sayThrough: (say: (line: string) => void) => void,
): Promise<void> {
  const { platform, say, direct } = node;
  const answers = createAnswers(node);
  const door = direct?.listen && direct.key ? await serveDirectly(answers, direct.listen, direct.key) : null;
  let account: NodeAccount | null = null;
  // Several nodes may share a cluster's folder; each has its own part of it.
  const own = Buffer.from(node.identity.publicKey, "base64").toString("hex").slice(0, 12);
  const folder = join(node.options.rent?.sharedFolder ?? node.options.stateDir, `leases-${own}`);
  const offer = async () => (await node.rental?.offer()) ?? null;
  const leases = createLeases({ platform, say, folder, runners: node.rental?.runners ?? [], offer });
  if (node.rental) await leases.clean();

  async function signReceipt({ id, body }: { id: string; body: string }): Promise<void> {
    const signed = await answers.sign(body);
    if ("refused" in signed) return say(`Receipt ${id} was not signed: ${signed.refused}.`);
    const message = { receiptId: id, signature: signed.signature };
    await platform.post("/api/worker/receipt", message, receiptSignatureReply, { giveUpAfterMs: 10_000 });
  }

  const loadOf = (): Load => ({
    name: node.options.name,
    nodeId,
    answering: answers.count(),
    capacity: node.options.capacity,
    leases: leases.names().length,
    models: node.engine.models().map(({ model }) => model),
    isAway: platform.isAway(),
  });

  async function answerChallenge(challenge: MemoryChallenge): Promise<void> {
    const rentedMb = (await node.rental?.offer())?.memoryMb ?? 0;
    const proof = await proveMemory(challenge, rentedMb);
    say(`Memory test of ${challenge.memoryMb} MB: ${proof.reason ?? "done"}.`);
    const answer = { id: challenge.id, ...proof };
    await platform.post("/api/worker/challenge", answer, challengeReply, { giveUpAfterMs: 10_000 });
  }

  async function poll(waitSeconds: number, signal?: AbortSignal): Promise<void> {
    const body = {
      running: answers.running(),
      waitSeconds,
      ...(node.rental ? { leases: leases.names(), challenges: true } : {}),
    };
    const timing = { timeoutMs: (waitSeconds + 10) * 1000, ...(signal ? { signal } : {}) };
    const reply = await platform.post("/api/worker/poll", body, pollReply, timing);
    for (const id of reply.cancel) answers.stop(id);
    for (const id of reply.endLeases) leases.end(id);
    // A node that ends takes nothing new up: what it does not name goes back to the queue.
    if (!drain.aborted) for (const order of reply.leases) leases.start(order);
    for (const work of reply.work) void (drain.aborted ? answers.refuse(work) : answers.start(work));
    for (const challenge of reply.challenges) {
      answerChallenge(challenge).catch((error: Error) => say(`A memory test was not answered: ${error.message}`));
    }
    for (const receipt of reply.receipts) {
      signReceipt(receipt).catch((error: Error) => say(`Receipt ${receipt.id} could not be signed: ${error.message}`));
    }
  }

  const view = node.options.hasView ? startView(() => ({ load: loadOf(), account })) : null;
  if (view) sayThrough(view.say);
  const heart = beat(node, drain, (told) => {
    account = told;
  });
  while (!drain.aborted) {
    await poll(POLL_SECONDS, drain).catch((error: unknown) => {
      if (!drain.aborted) throw error;
    });
  }
  const left = answers.count();
  say(left > 0 ? `Ending: finishing ${left} answer(s), taking no new ones.` : "Ending.");
  await heart;
  await leases.giveBack();
  while (answers.count() > 0) await poll(1).catch(() => sleep(200));
  // One more look, so that the receipts of the last answers get their signature.
  await poll(1).catch(() => undefined);
  door?.close();
  view?.stop();
  await node.engine.close();
}

/** Says every few seconds that the node is there, and once more, when it drains, that it wants nothing new. */
async function beat(
  node: NodeParts,
  drain: AbortSignal,
  onAccount: (account: NodeAccount | null) => void,
): Promise<void> {
  let rental = (await node.rental?.offer()) ?? null;
  let readAt = performance.now();
  let isRefreshing = false;
  let beats = 0;
  let attestAt = 0;
  let offers = offersOf(node);
  /** What a cluster or a model server has changes while the node runs. */
  const lookAgain = async () => {
    if (performance.now() - readAt < RENTAL_AGAIN_MS) return;
    readAt = performance.now();
    // Not waited for: a new model may take minutes to pass its test, and the node is alive meanwhile.
    if (!isRefreshing) {
      isRefreshing = true;
      node.engine
        .refresh()
        .catch(() => undefined)
        .finally(() => {
          isRefreshing = false;
        });
    }
    rental = (await node.rental?.offer().catch(() => rental)) ?? null;
  };
  const send = async (isEnding: boolean, signal?: AbortSignal) => {
    const now = offersOf(node);
    // A node whose models are gone keeps its listing, and is given nothing until one is back.
    if (now.length > 0) offers = now;
    const draining = isEnding || now.length === 0;
    const wantsAccount = node.options.hasView && beats % ACCOUNT_EVERY_BEATS === 0;
    const wantsNonce = node.options.attest !== null && performance.now() >= attestAt;
    beats += 1;
    const { account, nonce } = await node.platform.post(
      "/api/worker/heartbeat",
      {
        ...stateOf(node, offers),
        draining,
        rental: isEnding ? null : rental,
        ...(wantsAccount ? { wantsAccount } : {}),
        ...(wantsNonce ? { wantsNonce } : {}),
      },
      heartbeatReply,
      isEnding ? { giveUpAfterMs: 2_000 } : { ...(signal ? { signal } : {}) },
    );
    if (account) onAccount(account);
    if (!nonce || node.options.attest === null) return;
    attestAt = performance.now() + ATTEST_EVERY_MS;
    showEvidence(node, node.options.attest, nonce).catch((error: Error) =>
      node.say(`The evidence of a trusted environment was not taken: ${error.message}`),
    );
  };
  // What is rented out is known from the first moment, not from the first beat.
  if (rental) await send(false, drain).catch(() => undefined);
  while (!drain.aborted) {
    await sleep(HEARTBEAT_SECONDS * 1000, undefined, { signal: drain }).catch(() => undefined);
    await lookAgain();
    if (!drain.aborted) await send(false, drain).catch(() => undefined);
  }
  await send(true).catch(() => undefined);
}
