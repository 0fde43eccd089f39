import { randomUUID, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { chatOrder, completionOrder, embeddingOrder, type InferenceOrder } from "../core/inference-order.ts";
import { ATTEMPT_HEADER } from "../core/openai-wire.ts";
import type { Piece } from "../core/question.ts";
import { chatRequest, completionRequest, embeddingRequest } from "../core/schemas/chat.ts";
import type { Work } from "../core/schemas/node-protocol.ts";
import type { Answers } from "./answer-work.ts";

const BODY_BYTES_MAX = 4 * 1024 * 1024;
const ANSWER_TOKENS_DEFAULT = 512;

type Form = "chat" | "completion" | "embedding";
const FORMS: Record<string, Form> = {
  "/v1/chat/completions": "chat",
  "/v1/completions": "completion",
  "/v1/embeddings": "embedding",
};

const READ: Record<Form, (body: unknown) => InferenceOrder> = {
  chat: (body) => chatOrder(chatRequest.parse(body)),
  completion: (body) => completionOrder(completionRequest.parse(body)),
  embedding: (body) => embeddingOrder(embeddingRequest.parse(body)),
};

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > BODY_BYTES_MAX) throw new Error("The body is too large.");
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString("utf8"));
}

const workOf = (order: InferenceOrder, attemptId: string): Work => ({
  attemptId,
  gateway: "",
  model: order.name,
  question: order.question,
  prefix: "",
  maxTokens: order.tokensMax ?? ANSWER_TOKENS_DEFAULT,
  temperature: order.temperature,
  topP: order.topP,
  seed: order.seed,
  frequencyPenalty: order.frequencyPenalty,
  presencePenalty: order.presencePenalty,
  logprobs: order.logprobs,
});

/** A piece as one choice of a streamed chunk. */
function choiceOf(form: Form, piece: Piece): object {
  if (piece.type === "text") {
    const list = piece.logprobs ?? [];
    if (form === "completion")
      return {
        text: piece.text,
        ...(list.length === 0
          ? {}
          : {
              logprobs: {
                tokens: list.map(({ token }) => token),
                token_logprobs: list.map(({ logprob }) => logprob),
                top_logprobs: list.map(({ top }) => Object.fromEntries(top.map((one) => [one.token, one.logprob]))),
              },
            }),
      };
    const content = list.map(({ token, logprob, top }) => ({ token, logprob, top_logprobs: top }));
    return { delta: { content: piece.text }, ...(content.length === 0 ? {} : { logprobs: { content } }) };
  }
  const call =
    piece.type === "call"
      ? { index: piece.call, id: piece.id, type: "function", function: { name: piece.name, arguments: "" } }
      : { index: piece.call, function: { arguments: piece.text } };
  return { delta: { tool_calls: [call] } };
}

type Given = { answers: Answers; work: Work; form: Form; response: ServerResponse; signal: AbortSignal };

async function stream({ answers, work, form, response, signal }: Given): Promise<void> {
  const common = {
    id: `direct-${randomUUID()}`,
    object: "chunk",
    created: Math.floor(Date.now() / 1_000),
    model: work.model,
  };
  const send = (rest: object) => response.write(`data: ${JSON.stringify({ ...common, ...rest })}\n\n`);
  const pieces = answers.direct(work, signal);
  let step = await pieces.next();
  // Only now is it known that there is an answer at all.
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  for (; !step.done; step = await pieces.next())
    send({ choices: [{ index: 0, ...choiceOf(form, step.value), finish_reason: null }] });
  const { finishReason, usage } = step.value;
  send({
    choices: [{ index: 0, ...(form === "completion" ? { text: "" } : { delta: {} }), finish_reason: finishReason }],
  });
  if (usage)
    send({
      choices: [],
      usage: {
        prompt_tokens: usage.promptTokens,
        completion_tokens: usage.completionTokens,
        total_tokens: usage.promptTokens + usage.completionTokens,
      },
    });
  response.end("data: [DONE]\n\n");
}

async function embed({ answers, work, response, signal }: Given): Promise<void> {
  const vectors = await answers.directEmbedding(work, signal);
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      object: "list",
      model: work.model,
      data: vectors.map((vector, index) => ({ object: "embedding", index, embedding: [...vector] })),
    }),
  );
}

function isKey(given: string | undefined, key: string): boolean {
  const wanted = Buffer.from(`Bearer ${key}`);
  const said = Buffer.from(given ?? "");
  return said.length === wanted.length && timingSafeEqual(said, wanted);
}

/**
 * Answers the platform where it can call this node itself: the same engine, places and memory as for work that is
 * fetched, under a key that only the platform is told.
 */
export async function serveDirectly(answers: Answers, port: number, key: string): Promise<{ close: () => void }> {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = FORMS[request.url ?? ""];
    if (!form || request.method !== "POST") return void response.writeHead(404).end();
    if (!isKey(request.headers.authorization, key)) return void response.writeHead(401).end();
    const left = new AbortController();
    response.once("close", () => {
      if (!response.writableFinished) left.abort();
    });
    const attempt = request.headers[ATTEMPT_HEADER];
    const order = READ[form](await readBody(request));
    const work = workOf(order, typeof attempt === "string" ? attempt : randomUUID());
    const given = { answers, work, form, response, signal: left.signal };
    await (form === "embedding" ? embed(given) : stream(given));
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      const message = error instanceof Error ? error.message.slice(0, 300) : "It failed.";
      response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ error: { message } }));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => resolve());
  });
  return {
    close: () => {
      server.close();
    },
  };
}
