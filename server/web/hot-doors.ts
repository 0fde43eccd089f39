import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { DomainError } from "../../core/errors.ts";
import { handleChatCompletions } from "../api/chat-door.ts";
import { handleCompletions } from "../api/completion-door.ts";
import { handleEmbeddings } from "../api/embedding-door.ts";
import { inferencesSettled } from "../api/inference-door.ts";
import {
  handleAttestation,
  handleChallengeAnswer,
  handleHeartbeat,
  handleLeaseReport,
  handleNodeEvents,
  handlePoll,
  handleReceiptSignature,
} from "../api/worker-door.ts";
import { refuse } from "./refuse.ts";

type Door = (request: Request) => Promise<Response>;

/**
 * The doors that programs call many times a second. The framework's routes name the same functions and answer all
 * else at these addresses; what is saved here is the framework's own millisecond on every call.
 */
const HOT: Record<string, Door> = {
  "POST /api/v1/chat/completions": handleChatCompletions,
  "POST /api/v1/completions": handleCompletions,
  "POST /api/v1/embeddings": handleEmbeddings,
  "POST /api/worker/heartbeat": handleHeartbeat,
  "POST /api/worker/poll": handlePoll,
  "POST /api/worker/events": handleNodeEvents,
  "POST /api/worker/lease": handleLeaseReport,
  "POST /api/worker/attestation": handleAttestation,
  "POST /api/worker/challenge": handleChallengeAnswer,
  "POST /api/worker/receipt": handleReceiptSignature,
};

const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "strict-origin-when-cross-origin",
  "x-frame-options": "DENY",
};

const doorOf = (incoming: IncomingMessage): Door | undefined => {
  const key = `${incoming.method} ${incoming.url}`;
  return Object.hasOwn(HOT, key) ? HOT[key] : undefined;
};

const listen = getRequestListener(
  async (request, { incoming }) => {
    const door = doorOf(incoming as IncomingMessage);
    if (!door) throw new DomainError("INTERNAL");
    const response = await door(request);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value);
    // Without this the listener holds a stream's first pieces for a moment, to see whether it is short.
    if (response.headers.get("content-type")?.startsWith("text/event-stream"))
      response.headers.set("transfer-encoding", "chunked");
    return response;
  },
  // The framework's own Request and Response stay what they are.
  { overrideGlobalObjects: false },
);

/** Resolves when the money of every answer that has left has moved, too. */
export const hotDoorsSettled = inferencesSettled;

/** What the web server says of a request, whatever its sender says of it. */
const MARKS = ["x-converge-peer", "x-converge-local"];

/** The listener reads the headers as they came over the wire: there, too, our marks take the place of claimed ones. */
function carryMarks(incoming: IncomingMessage): void {
  const kept: string[] = [];
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    const [name = "", value = ""] = incoming.rawHeaders.slice(i, i + 2);
    if (!MARKS.includes(name.toLowerCase())) kept.push(name, value);
  }
  for (const name of MARKS) kept.push(name, String(incoming.headers[name] ?? ""));
  incoming.rawHeaders = kept;
}

/** Answers a request that has a hot door; false for every other one. */
export function answerHotDoor(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  if (!doorOf(incoming)) return false;
  carryMarks(incoming);
  listen(incoming, outgoing).catch((cause: unknown) => refuse(outgoing, new DomainError("INTERNAL", {}, { cause })));
  return true;
}
