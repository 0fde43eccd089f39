import { existsSync } from "node:fs";
import {
  type ChatHistoryItem,
  type GbnfJsonObjectSchema,
  getLlama,
  type LlamaContextSequence,
  type LlamaGrammar,
  LlamaGrammarEvaluationState,
  LlamaLogLevel,
  type LlamaModel,
  resolveChatWrapper,
  type Token,
} from "node-llama-cpp";
import { offeredAs } from "../core/model-names.ts";
import type { Piece, Question, TokenLogprob } from "../core/question.ts";
import type { ChatMessage } from "../core/schemas/chat.ts";
import type { Work } from "../core/schemas/node-protocol.ts";
import type { AnswerEnd, Engine } from "./engine.ts";
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

/** A message as the chat format of a model knows it: calls and their answers are told as text. */
function historyItem({ role, content, toolCalls }: ChatMessage): ChatHistoryItem {
  const calls = (toolCalls ?? []).map((call) => `${call.name}(${call.arguments})`).join("\n");
  if (role === "assistant") return { type: "model", response: [[content, calls].filter(Boolean).join("\n")] };
  if (role === "tool") return { type: "user", text: content };
  return { type: role, text: content };
}

/** The call that must be made: by name, or the first tool when any will do. Null when the model may answer in words. */
function forcedTool(question: Question) {
  if (question.kind !== "chat" || question.tools.length === 0) return null;
  const { toolChoice, tools } = question;
  if (toolChoice === "required") return tools[0] ?? null;
  if (typeof toolChoice === "string") return null;
  return tools.find((one) => one.name === toolChoice.name) ?? null;
}

/** A schema from outside: llama.cpp checks it when it makes the grammar, and refuses what it cannot express. */
const schemaOf = (schema: Record<string, unknown>): GbnfJsonObjectSchema => schema as GbnfJsonObjectSchema;

type Sampling = { temperature: number; topP: number; seed?: number };

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
  function promptTokens({ question, prefix }: Work): Token[] {
    if (question.kind !== "chat") {
      const text = question.kind === "completion" ? question.prompt : "";
      const first = model.tokens.bos;
      return [...(first === null ? [] : [first]), ...model.tokenize(text + prefix, false)];
    }
    const { contextText } = wrapper.generateContextState({
      chatHistory: [...question.messages.map(historyItem), { type: "model", response: [] }],
    });
    return [...contextText.tokenize(model.tokenizer), ...model.tokenize(prefix, false)];
  }

  /** What the answer's text must be, as a grammar that lets no other token through; null for anything. */
  async function grammarOf(question: Question): Promise<LlamaGrammar | null> {
    const tool = forcedTool(question);
    // Whatever llama.cpp cannot express of a schema it refuses here, before a token is made.
    if (tool) return llama.createGrammarForJsonSchema(schemaOf(tool.parameters ?? { type: "object" }));
    if (question.kind !== "chat" || question.format === null) return null;
    if (question.format.type === "json") return llama.getGrammarFor("json");
    return llama.createGrammarForJsonSchema(schemaOf(question.format.schema));
  }

  async function* generate(work: Work, signal: AbortSignal): AsyncGenerator<Piece, AnswerEnd> {
    const sequence = idle.pop();
    if (!sequence) throw new Error("All sequences are in use.");
    try {
      await sequence.clearHistory();
      const grammar = await grammarOf(work.question);
      const prompt = promptTokens(work);
      const most = Math.min(work.maxTokens, contextTokens - prompt.length - 1);
      const tool = forcedTool(work.question);
      if (tool && work.prefix === "")
        yield { type: "call", call: 0, id: `call_${work.attemptId.slice(-20)}`, name: tool.name };
      const counts = { promptTokens: prompt.length, completionTokens: 0 };
      const end = (finishReason: AnswerEnd["finishReason"]): AnswerEnd => ({ finishReason, usage: counts });
      if (most < 1) return end("length");
      for await (const { text, logprobs } of tokensOf(model, sequence, {
        work,
        prompt,
        grammar,
        most,
        counts,
        signal,
      })) {
        if (text === "") continue;
        yield tool ? { type: "arguments", call: 0, text } : { type: "text", text, logprobs };
      }
      if (counts.completionTokens >= most) return end("length");
      return end(tool ? "tool_calls" : "stop");
    } finally {
      idle.push(sequence);
    }
  }

  async function embed(_model: string, inputs: readonly string[]): Promise<Float32Array[]> {
    const embeddings = await model.createEmbeddingContext({ contextSize: contextTokens, threads });
    try {
      const vectors: Float32Array[] = [];
      for (const text of inputs) vectors.push(Float32Array.from((await embeddings.getEmbeddingFor(text)).vector));
      return vectors;
    } finally {
      await embeddings.dispose();
    }
  }

  const offered = offeredAs(options.model);
  return {
    models: () => [
      {
        ...offered,
        contextTokens,
        canContinue: true,
        features: ["chat", "completion", "embedding", "tools", "json", "logprobs"],
      },
    ],
    generate,
    embed,
    refresh: () => Promise.resolve(),
    close: () => llama.dispose(),
  };
}

type Run = {
  work: Work;
  prompt: Token[];
  grammar: LlamaGrammar | null;
  most: number;
  counts: { completionTokens: number };
  signal: AbortSignal;
};

/** Tokens as text, each with its probabilities when they were asked for, until the model ends or the limit is reached. */
async function* tokensOf(
  model: LlamaModel,
  sequence: LlamaContextSequence,
  { work, prompt, grammar, most, counts, signal }: Run,
): AsyncGenerator<{ text: string; logprobs?: TokenLogprob[] }> {
  const said: Token[] = [];
  let pending: Token[] = [];
  let waiting: TokenLogprob[] = [];
  const sampling: Sampling = {
    temperature: work.temperature,
    topP: work.topP,
    ...(work.seed === null ? {} : { seed: work.seed }),
  };
  const penalties = work.frequencyPenalty !== 0 || work.presencePenalty !== 0;
  const options = {
    ...sampling,
    ...(grammar ? { grammarEvaluationState: new LlamaGrammarEvaluationState({ model, grammar }) } : {}),
    ...(penalties
      ? {
          repeatPenalty: {
            punishTokens: () => said,
            frequencyPenalty: work.frequencyPenalty,
            presencePenalty: work.presencePenalty,
          },
        }
      : {}),
  };
  const metadata = work.logprobs === null ? {} : { confidence: true as const, probabilities: true as const };
  for await (const step of sequence.evaluateWithMetadata(prompt, metadata, options)) {
    if (signal.aborted || model.isEogToken(step.token)) return;
    pending.push(step.token);
    counts.completionTokens += 1;
    if (work.logprobs !== null) waiting.push(logprobOf(model, step, work.logprobs));
    const text = model.detokenize(pending, false, said);
    // A character may take several tokens; until it is whole it decodes to the replacement character.
    if (!text.endsWith("\uFFFD") || pending.length > 4) {
      said.push(...pending);
      pending = [];
      yield { text, ...(work.logprobs === null ? {} : { logprobs: waiting }) };
      waiting = [];
    }
    if (counts.completionTokens >= most) return;
  }
}

/** Natural logarithms; a probability of nothing is the lowest number that OpenAI's clients expect. */
const logOf = (probability: number): number => (probability > 0 ? Math.log(probability) : -9999);

function logprobOf(
  model: LlamaModel,
  step: { token: Token; confidence?: number; probabilities?: Map<Token, number> },
  count: number,
): TokenLogprob {
  const top = [...(step.probabilities ?? [])].slice(0, count).map(([token, probability]) => ({
    token: model.detokenize([token]),
    logprob: logOf(probability),
  }));
  return { token: model.detokenize([step.token]), logprob: logOf(step.confidence ?? 0), top };
}
