import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { newPerson } from "#server/api/testing/compute-world.ts";
import { putPaperNode } from "#server/compute/testing/paper-node.ts";
import { db, pool } from "#server/db.ts";
import { NODE_FLAGS, root } from "../../../scripts/lib/services.ts";

export type Person = Awaited<ReturnType<typeof newPerson>>;

/** A web process of its own, whose memory and sockets are its own. */
export async function startDoors(): Promise<{ url: string; pid: number; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, join(root, "server/api/testing/serve-doors.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: process.env,
  });
  const [url] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    url,
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

export async function memoryMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

export type Behaviour = (response: ServerResponse, request: IncomingMessage) => void | Promise<void>;

/** A model server that does what it likes, reached directly. */
export async function putServer(
  provider: Person,
  model: string,
  behaviour: Behaviour,
  more: { price?: bigint } = {},
): Promise<{ nodeId: string; open: () => number; close: () => Promise<void> }> {
  let open = 0;
  const server = createServer((request, response) => {
    open += 1;
    response.once("close", () => {
      open -= 1;
    });
    request.resume();
    void Promise.resolve(behaviour(response, request)).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const price = more.price ?? 1_000_000n;
  const nodeId = await putPaperNode(provider.actor.userId, model, {
    directUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    inputPrice: price,
    outputPrice: price,
    contextTokens: 8_192,
  });
  return {
    nodeId,
    open: () => open,
    close: async () => {
      await db.computeNode.updateMany({ where: { id: nodeId }, data: { status: "removed" } });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const chunk = (content: string, finish: string | null = null, usage?: object): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }], ...(usage ? { usage } : {}) })}\n\n`;

export const eventStream = (response: ServerResponse) =>
  response.writeHead(200, { "content-type": "text/event-stream" });

export type Asked = { status: number; text: string; error: string | null; firstMs: number; totalMs: number };

/** Asks for a stream and reads it to its end, however it ends. */
export async function ask(url: string, person: Person, model: string, signal?: AbortSignal): Promise<Asked> {
  const startedAt = performance.now();
  const asked: Asked = { status: 0, text: "", error: null, firstMs: Number.NaN, totalMs: 0 };
  try {
    const response = await fetch(`${url}/api/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${person.key}` },
      body: JSON.stringify({
        model,
        stream: true,
        max_tokens: 400,
        messages: [{ role: "user", content: "Tell me a story" }],
      }),
      ...(signal ? { signal } : {}),
    });
    asked.status = response.status;
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      const text = decoder.decode(bytes, { stream: true });
      if (Number.isNaN(asked.firstMs) && /"content":"[^"]/.test(text)) asked.firstMs = performance.now() - startedAt;
      for (const [, content = ""] of text.matchAll(/"content":"((?:[^"\\]|\\.)*)"/g))
        asked.text += JSON.parse(`"${content}"`);
      asked.error ??= /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? null;
    }
  } catch (error) {
    asked.error ??= error instanceof Error ? error.name : "unknown";
  }
  asked.totalMs = performance.now() - startedAt;
  return asked;
}

/** Waits until nothing of a person's money is set aside; the milliseconds it took. */
export async function settledAfter(person: Person): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const { rows } = await pool.query<{ pending: bigint }>(
      "SELECT debits_pending AS pending FROM ledger_account WHERE code = $1",
      [person.account],
    );
    if ((rows[0]?.pending ?? 0n) === 0n) return performance.now() - startedAt;
    if (performance.now() - startedAt > 60_000) return Number.POSITIVE_INFINITY;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export async function spentBy(person: Person, funds: bigint): Promise<bigint> {
  const { rows } = await pool.query<{ posted: bigint }>(
    "SELECT credits_posted - debits_posted AS posted FROM ledger_account WHERE code = $1",
    [person.account],
  );
  return funds - (rows[0]?.posted ?? 0n);
}
