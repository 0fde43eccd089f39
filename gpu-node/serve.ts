import { setTimeout as sleep } from "node:timers/promises";
import {
  type Hardware,
  heartbeatReply,
  joinReply,
  NODE_PROTOCOL_VERSION,
  type Offer,
  pollReply,
  receiptSignatureReply,
  type Work,
} from "../core/schemas/node-protocol.ts";
import { createAnswerMemory } from "./answer-memory.ts";
import type { Engine } from "./engine.ts";
import { createEventSender } from "./event-sender.ts";
import type { Identity } from "./identity.ts";
import { type Options, UsageError } from "./options.ts";
import { type Platform, PlatformRefusal } from "./platform.ts";

export const VERSION = "0.1.0";
const POLL_SECONDS = 20;
const HEARTBEAT_SECONDS = 5;

export type NodeParts = {
  options: Options;
  identity: Identity;
  engine: Engine;
  platform: Platform;
  hardware: Hardware;
  say: (line: string) => void;
};

const offersOf = ({ engine, options }: NodeParts): Offer[] =>
  engine.models.map((model) => ({ ...model, inputPrice: options.inputPrice, outputPrice: options.outputPrice }));

const stateOf = (node: NodeParts) => ({
  version: VERSION,
  hardware: node.hardware,
  offers: offersOf(node),
  capacity: node.options.capacity,
});

/** Comes back under the id of an earlier start, or joins with the token. */
export async function joinPlatform(node: NodeParts): Promise<string> {
  const { options, identity, platform, say } = node;
  const known = identity.nodeIdAt(options.url);
  if (known) {
    platform.useNodeId(known);
    try {
      await platform.post("/api/worker/heartbeat", { ...stateOf(node), draining: false }, heartbeatReply);
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
      ...stateOf(node),
    },
    joinReply,
  );
  platform.useNodeId(nodeId);
  await identity.remember(options.url, nodeId);
  say(`Joined as ${nodeId}.`);
  return nodeId;
}

/** Pulls work and answers it until the signal fires; then finishes what is at hand. */
export async function serve(node: NodeParts, drain: AbortSignal): Promise<void> {
  const { platform, engine, options, say } = node;
  const memory = createAnswerMemory(node.identity);
  const running = new Map<string, AbortController>();
  const waiting = new Set<() => void>();
  let active = 0;

  async function takeTurn(signal: AbortSignal): Promise<boolean> {
    while (active >= options.capacity && !signal.aborted) {
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    if (signal.aborted) return false;
    active += 1;
    return true;
  }

  async function answer(work: Work): Promise<void> {
    const controller = new AbortController();
    running.set(work.attemptId, controller);
    const sender = createEventSender(platform, work, () => controller.abort());
    let text = "";
    let hasTurn = false;
    try {
      sender.push({ type: "accepted" });
      hasTurn = await takeTurn(controller.signal);
      if (!hasTurn) return;
      const pieces = engine.generate(work, controller.signal);
      const startedAt = performance.now();
      for (let step = await pieces.next(); ; step = await pieces.next()) {
        if (step.done) {
          if (!controller.signal.aborted) sender.push({ type: "done", finishReason: step.value });
          break;
        }
        text += step.value;
        sender.push({ type: "text", text: step.value });
      }
      say(
        `${work.model}: ${text.length} characters in ${Math.round(performance.now() - startedAt)} ms${controller.signal.aborted ? ", stopped" : ""}.`,
      );
    } catch (error) {
      if (!controller.signal.aborted) {
        const reason = error instanceof Error ? error.message : String(error);
        say(`${work.model} failed: ${reason}`);
        sender.push({ type: "failed", reason: reason.slice(0, 300) });
      }
    } finally {
      if (hasTurn) {
        active -= 1;
        // Everyone looks again; whoever left meanwhile does not keep the place from the next.
        for (const look of waiting) look();
        waiting.clear();
      }
      const prices = { inputPrice: options.inputPrice, outputPrice: options.outputPrice };
      await memory.remember(work, text, prices);
      await sender.end();
      running.delete(work.attemptId);
    }
  }

  async function refuse(work: Work): Promise<void> {
    const sender = createEventSender(platform, work, () => undefined);
    sender.push({ type: "refused", reason: "The node is ending." });
    await sender.end();
  }

  async function signReceipt({ id, body }: { id: string; body: string }): Promise<void> {
    const signed = await memory.sign(body);
    if ("refused" in signed) return say(`Receipt ${id} was not signed: ${signed.refused}.`);
    await platform.post("/api/worker/receipt", { receiptId: id, signature: signed.signature }, receiptSignatureReply, {
      giveUpAfterMs: 10_000,
    });
  }

  async function poll(waitSeconds: number, signal?: AbortSignal): Promise<void> {
    const body = { running: [...running.keys()], waitSeconds };
    const timing = { timeoutMs: (waitSeconds + 10) * 1000, ...(signal ? { signal } : {}) };
    const reply = await platform.post("/api/worker/poll", body, pollReply, timing);
    for (const id of reply.cancel) {
      running.get(id)?.abort();
      running.delete(id);
    }
    for (const work of reply.work) void (drain.aborted ? refuse(work) : answer(work));
    for (const receipt of reply.receipts) {
      signReceipt(receipt).catch((error: Error) => say(`Receipt ${receipt.id} could not be signed: ${error.message}`));
    }
  }

  const heart = beat(node, drain);
  while (!drain.aborted) {
    await poll(POLL_SECONDS, drain).catch((error: unknown) => {
      if (!drain.aborted) throw error;
    });
  }
  say(running.size > 0 ? `Ending: finishing ${running.size} answer(s), taking no new ones.` : "Ending.");
  await heart;
  while (running.size > 0) await poll(1).catch(() => sleep(200));
  // One more look, so that the receipts of the last answers get their signature.
  await poll(1).catch(() => undefined);
  await engine.close();
}

/** Says every few seconds that the node is there, and once more, when it drains, that it wants nothing new. */
async function beat(node: NodeParts, drain: AbortSignal): Promise<void> {
  const send = (draining: boolean, signal?: AbortSignal) =>
    node.platform.post(
      "/api/worker/heartbeat",
      { ...stateOf(node), draining },
      heartbeatReply,
      draining ? { giveUpAfterMs: 2_000 } : { ...(signal ? { signal } : {}) },
    );
  while (!drain.aborted) {
    await sleep(HEARTBEAT_SECONDS * 1000, undefined, { signal: drain }).catch(() => undefined);
    if (!drain.aborted) await send(false, drain).catch(() => undefined);
  }
  await send(true).catch(() => undefined);
}
