import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, BlockList } from "node:net";
import { Readable } from "node:stream";
import { markPeer } from "#server/web/peer.ts";
import { handleChatCompletions } from "../chat-door.ts";
import { handleCompletions } from "../completion-door.ts";
import { handleEmbeddings } from "../embedding-door.ts";
import { handleArtifact, handleBlobUpload, handleLogStream, handleNodeBlob, handleNodeUpload } from "../job-doors.ts";
import { handleModel, handleModels } from "../models-door.ts";
import {
  handleAttestation,
  handleChallengeAnswer,
  handleHeartbeat,
  handleJoin,
  handleLeaseReport,
  handleNodeEvents,
  handlePoll,
  handleReceiptSignature,
} from "../worker-door.ts";

// The compute doors on a plain HTTP server: what Next's routes export, without Next. Tests run it in their own process
// and, as a program, in a second one, to stand for two web replicas.
const DOORS: Record<string, (request: Request) => Promise<Response>> = {
  "POST /api/worker/join": handleJoin,
  "POST /api/worker/heartbeat": handleHeartbeat,
  "POST /api/worker/poll": handlePoll,
  "POST /api/worker/events": handleNodeEvents,
  "POST /api/worker/receipt": handleReceiptSignature,
  "POST /api/worker/lease": handleLeaseReport,
  "POST /api/worker/attestation": handleAttestation,
  "POST /api/worker/challenge": handleChallengeAnswer,
  "POST /api/v1/blobs": handleBlobUpload,
  "POST /api/v1/chat/completions": handleChatCompletions,
  "POST /api/v1/completions": handleCompletions,
  "POST /api/v1/embeddings": handleEmbeddings,
  "GET /api/v1/models": handleModels,
};

/** Doors whose address holds a name. */
function doorBelow(method: string | undefined, path: string): ((request: Request) => Promise<Response>) | undefined {
  if (path.startsWith("/api/worker/blobs/")) return method === "PUT" ? handleNodeUpload : handleNodeBlob;
  if (/^\/api\/v1\/jobs\/[^/]+\/artifacts\//.test(path)) return handleArtifact;
  if (/^\/api\/v1\/jobs\/[^/]+\/log\/stream$/.test(path)) return handleLogStream;
  return undefined;
}

const NO_PROXIES = new BlockList();

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
  const isModel = incoming.method === "GET" && url.pathname.startsWith("/api/v1/models/");
  const door = isModel
    ? handleModel
    : (doorBelow(incoming.method, url.pathname) ?? DOORS[`${incoming.method} ${url.pathname}`]);
  const left = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) left.abort();
  });
  markPeer(incoming, NO_PROXIES);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) if (typeof value === "string") headers.set(name, value);
  const hasBody = incoming.method === "POST" || incoming.method === "PUT";
  const request = new Request(url, {
    method: incoming.method ?? "GET",
    headers,
    signal: left.signal,
    ...(hasBody ? { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" } : {}),
  });
  const response = door ? await door(request) : new Response(null, { status: 404 });
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (!response.body) {
    outgoing.end();
    return;
  }
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  body.on("error", () => outgoing.destroy());
  outgoing.once("close", () => body.destroy());
  body.pipe(outgoing);
}

/** Serves the doors on a free port until `close`. */
export async function serveDoors(): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

if (import.meta.main) {
  const { url } = await serveDoors();
  process.stdout.write(`${url}\n`);
}
