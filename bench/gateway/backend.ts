import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

// A model server that does no work, in a process of its own: every token is the moment it was written, so that whoever
// reads it knows how long it was held on the way. The pace is asked for in the prompt: "first=5 every=2 tokens=20".

/** One clock for all processes of a machine, in microseconds. */
const now = () => process.hrtime.bigint() / 1000n;

function paceOf(body: string): { first: number; every: number; tokens: number } {
  const read = (name: string, otherwise: number) => Number(new RegExp(`${name}=(\\d+)`).exec(body)?.[1] ?? otherwise);
  return { first: read("first", 5), every: read("every", 2), tokens: read("tokens", 20) };
}

async function answer(response: ServerResponse, body: string): Promise<void> {
  const { first, every, tokens } = paceOf(body);
  response.writeHead(200, { "content-type": "text/event-stream" });
  const write = (delta: object, finish: string | null) =>
    response.write(
      `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "bench", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`,
    );
  write({ role: "assistant", content: "" }, null);
  await sleep(first);
  for (let token = 0; token < tokens && !response.destroyed; token += 1) {
    write({ content: `@${now()} ` }, null);
    if (every > 0) await sleep(every);
  }
  write({}, "stop");
  response.end("data: [DONE]\n\n");
}

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (text: string) => {
    body += text;
  });
  request.on("end", () => void answer(response, body).catch(() => response.destroy()));
});
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
