import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const WORDS =
  "amber basin cedar delta ember fjord grove heron islet juniper kelp lagoon meadow nettle orchid poplar".split(" ");
const NEAR_TIE = 0.1;

/** What answers a prompt: a device that works on one answer at a time, at its own pace, with its own weights. */
export type SimulatedDevice = {
  answer: (prompt: string, tokens: number) => Promise<SimulatedToken[]>;
  /** Milliseconds a token takes from now on. */
  setPace: (msPerToken: number) => void;
};
export type SimulatedToken = { token: string; logprob: number; other: string; otherLogprob: number };

const bytesOf = (...parts: string[]): Buffer => createHash("sha256").update(parts.join("\n")).digest();
const wordAt = (index: number): string => ` ${WORDS[index % WORDS.length]}`;

/**
 * A language model of sixteen words: what follows depends on the weights and on everything before. `rounding` stands for
 * the hardware: where two words are almost equally likely, it may pick the other one.
 */
export function simulateTokens(weights: string, rounding: string, prompt: string, count: number): SimulatedToken[] {
  const tokens: SimulatedToken[] = [];
  let text = "";
  for (let i = 0; i < count; i += 1) {
    const bytes = bytesOf(weights, prompt, text);
    const likely = wordAt(bytes[0] ?? 0);
    const second = wordAt((bytes[0] ?? 0) + 1 + ((bytes[1] ?? 0) % (WORDS.length - 1)));
    const gap = ((bytes[2] ?? 0) / 255) * 4;
    const isTurned = gap < NEAR_TIE && ((bytesOf(rounding, text)[0] ?? 0) & 1) === 1;
    const token = isTurned ? second : likely;
    tokens.push({
      token,
      logprob: -0.2,
      other: isTurned ? likely : second,
      otherLogprob: -0.2 - (isTurned ? NEAR_TIE - gap : gap),
    });
    text += token;
  }
  return tokens;
}

export function createDevice(made: { weights: string; rounding?: string; msPerToken?: number }): SimulatedDevice {
  let pace = made.msPerToken ?? 0.05;
  let last: Promise<unknown> = Promise.resolve();
  return {
    answer: (prompt, count) => {
      const turn = last.then(async () => {
        await sleep(count * pace);
        return simulateTokens(made.weights, made.rounding ?? "", prompt, count);
      });
      last = turn;
      return turn;
    },
    setPace: (msPerToken) => {
      pace = msPerToken;
    },
  };
}

const asked = z.object({
  model: z.string(),
  messages: z.array(z.object({ content: z.string() })),
  max_tokens: z.number(),
  logprobs: z.boolean().default(false),
});

/** A model server in OpenAI's form in front of something that answers; a model called "broken" does not. */
export async function serveModel(
  answer: (prompt: string, tokens: number) => Promise<SimulatedToken[]>,
  models: readonly string[] = [],
): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    const respond = async () => {
      if (request.method === "GET") {
        response.end(JSON.stringify({ object: "list", data: models.map((id) => ({ id, object: "model" })) }));
        return;
      }
      let text = "";
      for await (const piece of request) text += piece;
      const { model, messages, max_tokens, logprobs } = asked.parse(JSON.parse(text));
      if (model === "broken") return void response.writeHead(500).end("It is broken.");
      const tokens = await answer(messages.map(({ content }) => content).join("\n"), max_tokens);
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const { token, logprob, other, otherLogprob } of tokens) {
        const content = [
          {
            token,
            logprob,
            top_logprobs: [
              { token, logprob },
              { token: other, logprob: otherLogprob },
            ],
          },
        ];
        const choice = {
          index: 0,
          delta: { content: token },
          finish_reason: null,
          ...(logprobs ? { logprobs: { content } } : {}),
        };
        response.write(`data: ${JSON.stringify({ choices: [choice] })}\n\n`);
      }
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "length" }] })}\n\n`);
      response.end("data: [DONE]\n\n");
    };
    respond().catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
