import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

type Message = { role: string; content: string };

/** A model server in OpenAI's form that answers what a function says of the messages it was sent. */
export async function serveModel(answer: (messages: readonly Message[]) => string): Promise<{
  url: string;
  close: () => Promise<void>;
}> {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += String(piece);
    const { messages } = JSON.parse(body) as { messages: Message[] };
    response.writeHead(200, { "content-type": "text/event-stream" });
    const chunk = { choices: [{ index: 0, delta: { content: answer(messages) }, finish_reason: "stop" }] };
    response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
  });
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () =>
      new Promise((resume) => {
        server.close(() => resume());
        server.closeAllConnections();
      }),
  };
}
