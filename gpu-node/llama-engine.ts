import { existsSync } from "node:fs";
import {
  type ChatHistoryItem,
  getLlama,
  type LlamaContextSequence,
  LlamaLogLevel,
  resolveChatWrapper,
  type Token,
} from "node-llama-cpp";
import type { Work } from "../core/schemas/node-protocol.ts";
import type { Engine } from "./engine.ts";
import { UsageError } from "./options.ts";

/** A model this small is slower on several threads than on one. */
const TINY_BYTES = 64 * 1024 * 1024;
const CONTEXT_TOKENS_MAX = 8192;

export type LlamaEngineOptions = {
  file: string;
  model: string;
  capacity: number;
  contextTokens: number | null;
  threads: number | null;
};

/** Serves one GGUF file with llama.cpp inside this process. */
export async function openLlamaEngine(options: LlamaEngineOptions): Promise<Engine> {
  if (!existsSync(options.file)) throw new UsageError(`There is no model file at ${options.file}.`);
  const llama = await getLlama({ build: "never", logLevel: LlamaLogLevel.error, progressLogs: false });
  const model = await llama.loadModel({ modelPath: options.file });
  const contextTokens = Math.min(options.contextTokens ?? CONTEXT_TOKENS_MAX, model.trainContextSize);
  const threads = options.threads ?? (model.size < TINY_BYTES ? 1 : 0);
  const context = await model.createContext({ contextSize: contextTokens, sequences: options.capacity, threads });
  const wrapper = resolveChatWrapper(model);
  const idle: LlamaContextSequence[] = Array.from({ length: options.capacity }, () => context.getSequence());

  /** The prompt in the model's own chat format, then what is there of the answer. */
  function promptTokens(work: Work): Token[] {
    const history: ChatHistoryItem[] = work.messages.map(({ role, content }) =>
      role === "assistant" ? { type: "model", response: [content] } : { type: role, text: content },
    );
    const { contextText } = wrapper.generateContextState({
      chatHistory: [...history, { type: "model", response: [] }],
    });
    return [...contextText.tokenize(model.tokenizer), ...model.tokenize(work.prefix, false)];
  }

  async function* generate(work: Work, signal: AbortSignal): AsyncGenerator<string, "stop" | "length"> {
    const sequence = idle.pop();
    if (!sequence) throw new Error("All sequences are in use.");
    try {
      await sequence.clearHistory();
      const prompt = promptTokens(work);
      const most = Math.min(work.maxTokens, contextTokens - prompt.length - 1);
      if (most < 1) return "length";
      const said: Token[] = [];
      let pending: Token[] = [];
      const sampling = {
        temperature: work.temperature,
        topP: work.topP,
        ...(work.seed === null ? {} : { seed: work.seed }),
      };
      for await (const token of sequence.evaluate(prompt, sampling)) {
        if (signal.aborted) break;
        if (model.isEogToken(token)) return "stop";
        pending.push(token);
        const text = model.detokenize(pending, false, said);
        // A character may take several tokens; until it is whole it decodes to the replacement character.
        if (!text.endsWith("\uFFFD") || pending.length > 4) {
          said.push(...pending);
          pending = [];
          yield text;
        }
        if (said.length + pending.length >= most) return "length";
      }
      return "stop";
    } finally {
      idle.push(sequence);
    }
  }

  return {
    models: [{ model: options.model, contextTokens, canContinue: true }],
    generate,
    close: () => llama.dispose(),
  };
}
