import { createParser } from "eventsource-parser";
import { z } from "zod";
import type { Work } from "../core/schemas/node-protocol.ts";
import type { Engine } from "./engine.ts";

const CONTEXT_TOKENS_DEFAULT = 8192;

const chunk = z.object({
  choices: z
    .array(
      z.object({ delta: z.object({ content: z.string().nullish() }).nullish(), finish_reason: z.string().nullish() }),
    )
    .optional(),
});

/** Serves the models of any server that speaks OpenAI's chat surface: Ollama, vLLM, llama.cpp's own, … */
export function openOpenAiEngine(options: {
  baseUrl: string;
  models: string[];
  apiKey: string | null;
  contextTokens: number | null;
}): Engine {
  async function* generate(work: Work, signal: AbortSignal): AsyncGenerator<string, "stop" | "length"> {
    const response = await fetch(`${options.baseUrl}/chat/completions`, {
      method: "POST",
      signal,
      headers: {
        "content-type": "application/json",
        ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
      },
      body: JSON.stringify({
        model: work.model,
        messages: work.messages,
        stream: true,
        max_tokens: work.maxTokens,
        temperature: work.temperature,
        top_p: work.topP,
        ...(work.seed === null ? {} : { seed: work.seed }),
      }),
    });
    if (!response.ok || !response.body) throw new Error(`The model server answered ${response.status}.`);
    const data: string[] = [];
    const parser = createParser({ onEvent: (event) => data.push(event.data) });
    let finish: "stop" | "length" | null = null;
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      parser.feed(text);
      for (const line of data.splice(0)) {
        if (line === "[DONE]") return finish ?? "stop";
        const choice = chunk.parse(JSON.parse(line)).choices?.[0];
        if (choice?.delta?.content) yield choice.delta.content;
        if (choice?.finish_reason) finish = choice.finish_reason === "length" ? "length" : "stop";
      }
    }
    // A stream that just ends was cut off; billing it as complete would hide that.
    if (!finish) throw new Error("The model server's stream broke off.");
    return finish;
  }
  const contextTokens = options.contextTokens ?? CONTEXT_TOKENS_DEFAULT;
  return {
    models: options.models.map((model) => ({ model, contextTokens, canContinue: false })),
    generate,
    close: () => Promise.resolve(),
  };
}
