import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { keccak256 } from "viem/utils";

/** How the node behaves. "stale": it ends at a block of the past and keeps what it is sent to itself. */
export type Mode =
  | { kind: "well" }
  | { kind: "refused" }
  | { kind: "status"; status: number }
  | { kind: "elsewhere"; url: string }
  | { kind: "stale"; head: bigint };

type Call = { jsonrpc: string; id: number; method: string; params?: unknown[] };
type Answer = { jsonrpc: string; id: number; result?: unknown; error?: unknown };

export type RpcProxy = {
  url: string;
  setMode(mode: Mode): void;
  /** Called with each raw transaction before it is passed on and after; what it waits for holds up the answer. */
  onSend: ((when: "before" | "after") => Promise<void>) | null;
  /** How many requests came in a mode other than "well". */
  hits(): number;
  stop(): Promise<void>;
};

const hex = (value: bigint) => `0x${value.toString(16)}`;

async function forward(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.json();
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  return body;
}

/** What a node answers whose last block is `head`. */
async function answerStale(target: string, call: Call, head: bigint): Promise<Answer> {
  const { id, method, params = [] } = call;
  const answer = (result: unknown): Answer => ({ jsonrpc: "2.0", id, result });
  const numberOf = (tag: unknown) => (typeof tag === "string" && tag.startsWith("0x") ? BigInt(tag) : head);
  if (method === "eth_blockNumber") return answer(hex(head));
  if (method === "eth_sendRawTransaction") return answer(keccak256(String(params[0]) as `0x${string}`));
  if (method === "eth_getBlockByNumber" && numberOf(params[0]) > head) return answer(null);
  const aged = params.map((param) => (["latest", "pending", "safe"].includes(String(param)) ? hex(head) : param));
  const found = (await forward(target, { ...call, params: aged })) as Answer;
  if (method !== "eth_getTransactionReceipt") return found;
  const { blockNumber } = (found.result ?? {}) as { blockNumber?: string };
  return blockNumber && BigInt(blockNumber) > head ? answer(null) : found;
}

/** A node's door in front of anvil that can be made to misbehave. */
export async function startRpcProxy(target: string): Promise<RpcProxy> {
  let mode: Mode = { kind: "well" };
  let hits = 0;

  async function answerOne(call: Call): Promise<unknown> {
    if (mode.kind === "stale") return answerStale(target, call, mode.head);
    const isSending = call.method === "eth_sendRawTransaction";
    if (isSending) await proxy.onSend?.("before");
    const answer = await forward(mode.kind === "elsewhere" ? mode.url : target, call);
    if (isSending) await proxy.onSend?.("after");
    return answer;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readBody(request);
    if (mode.kind !== "well") hits++;
    if (mode.kind === "refused") return void request.socket.destroy();
    if (mode.kind === "status") return void response.writeHead(mode.status).end("no");
    const body = JSON.parse(text) as Call | Call[];
    const answer = Array.isArray(body) ? await Promise.all(body.map(answerOne)) : await answerOne(body);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }

  const server: Server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy: RpcProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setMode: (next) => {
      mode = next;
      // Kept-alive connections would otherwise go on as if nothing had happened.
      if (next.kind === "refused") server.closeAllConnections();
    },
    onSend: null,
    hits: () => hits,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}
