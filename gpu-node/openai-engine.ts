import { createParser } from "eventsource-parser";
import { offeredAs } from "../core/model-names.ts";
import { createChunkReader, openAiRequest, readEmbeddings } from "../core/openai-wire.ts";
import type { Piece } from "../core/question.ts";
import type { OfferFeature, Work } from "../core/schemas/node-protocol.ts";
import { type FoundModel, listServerModels } from "./discover.ts";
import type { AnswerEnd, Engine } from "./engine.ts";

const CONTEXT_TOKENS_DEFAULT = 8192;
const ERROR_CHARACTERS_MAX = 300;

export type OpenAiEngineOptions = {
  baseUrl: string;
  /** The models by the server's names, or "all" that it has. */
  models: string[] | "all";
  apiKey: string | null;
  contextTokens: number | null;
  features: OfferFeature[];
};

/** A model among those a server lists; servers that load on demand name it with its tag or without. */
const presentAs = (id: string, listed: readonly FoundModel[]): FoundModel[] => {
  const bare = (name: string) => name.replace(/:latest$/, "");
  const found = listed.find((model) => bare(model.id) === bare(id));
  return found || listed.length === 0 ? [{ id, contextTokens: found?.contextTokens ?? null }] : [];
};

const newCallId = () => `call_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;

/** Serves the models of any server that speaks OpenAI's surface: Ollama, vLLM, llama.cpp's own, Ray Serve, … */
export function openOpenAiEngine(options: OpenAiEngineOptions): Engine {
  const wanted = options.models;
  // What is there now. Named models are there until the server says otherwise; of a server that is asked for all, what it lists.
  let present: FoundModel[] = wanted === "all" ? [] : wanted.map((id) => ({ id, contextTokens: null }));

  async function refresh(): Promise<void> {
    const listed = await listServerModels(options.baseUrl, options.apiKey);
    if (wanted === "all") present = listed ?? [];
    // Not every server lists what it serves: only one that lists something can have lost something.
    else if (listed) present = wanted.flatMap((id) => presentAs(id, listed));
  }

  async function post(path: string, body: object, signal: AbortSignal): Promise<Response> {
    const response = await fetch(`${options.baseUrl}/${path}`, {
      method: "POST",
      signal,
      headers: {
        "content-type": "application/json",
        ...(options.apiKey ? { authorization: `Bearer ${options.apiKey}` } : {}),
      },
      body: JSON.stringify(body),
    });
    if (!response.ok || !response.body) {
      const said = (await response.text().catch(() => "")).slice(0, ERROR_CHARACTERS_MAX);
      throw new Error(`The model server answered ${response.status}. ${said}`.trim());
    }
    return response;
  }

  // A model is listed under its catalogue's name and asked for under the name the server knows.
  const nameOf = (model: string) => present.find(({ id }) => offeredAs(id).model === model)?.id ?? model;

  async function* generate(work: Work, signal: AbortSignal): AsyncGenerator<Piece, AnswerEnd> {
    const { path, body } = openAiRequest(work, nameOf(work.model));
    const response = await post(path, body, signal);
    const reader = createChunkReader(newCallId);
    const data: string[] = [];
    const parser = createParser({ onEvent: (event) => data.push(event.data) });
    if (!response.body) throw new Error("The model server's answer is empty.");
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      parser.feed(text);
      for (const line of data.splice(0)) {
        if (line === "[DONE]") return { finishReason: reader.finish ?? "stop", usage: reader.usage };
        yield* reader.read(line);
      }
    }
    // A stream that just ends was cut off; billing it as complete would hide that.
    if (!reader.finish) throw new Error("The model server's stream broke off.");
    return { finishReason: reader.finish, usage: reader.usage };
  }

  async function embed(model: string, inputs: readonly string[], signal: AbortSignal): Promise<Float32Array[]> {
    const response = await post("embeddings", { model: nameOf(model), input: inputs }, signal);
    return readEmbeddings(await response.json(), inputs.length);
  }

  return {
    models: () =>
      present.map(({ id, contextTokens }) => ({
        ...offeredAs(id),
        contextTokens: options.contextTokens ?? contextTokens ?? CONTEXT_TOKENS_DEFAULT,
        canContinue: false,
        features: options.features,
      })),
    refresh,
    generate,
    embed,
    close: () => Promise.resolve(),
  };
}
