import { join } from "node:path";
import fc from "fast-check";
import { getLlama, type Llama, LlamaLogLevel, type LlamaModel, resolveChatWrapper } from "node-llama-cpp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Piece, pieceText, plainChat } from "../core/question.ts";
import type { Work } from "../core/schemas/node-protocol.ts";
import { countTinyTokens } from "../core/tiny-tokenizer.ts";
import { countPromptTokens } from "../core/token-count.ts";
import type { Engine } from "./engine.ts";
import { openLlamaEngine } from "./llama-engine.ts";

const FILE = join(import.meta.dirname, "../models/tiny-lm/tiny-1.gguf");
const MODEL = "converge/tiny-1";

describe("the platform's count of tokens is llama.cpp's own", () => {
  let llama: Llama;
  let model: LlamaModel;
  beforeAll(async () => {
    llama = await getLlama({ build: "never", logLevel: LlamaLogLevel.error });
    model = await llama.loadModel({ modelPath: FILE, vocabOnly: true });
  });
  afterAll(() => llama.dispose());

  it("for any text", () => {
    // A NUL ends a text for llama.cpp, and half a surrogate pair is not a character.
    const anything = fc.string({ unit: "grapheme", maxLength: 80 }).filter((text) => !text.includes("\0"));
    const english = fc.stringMatching(/^[A-Za-z ,.!?'"0-9\n-]{0,120}$/);
    const words = fc.array(
      fc.constantFrom("What", " is", " Converge", "?", " agent", "  ", "<|end|>", "<s>", " wallet's"),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          english,
          words.map((parts) => parts.join("")),
        ),
        (text) => {
          expect(countTinyTokens(text)).toBe(model.tokenize(text, false).length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("for a prompt with its role markers", () => {
    const messages = [
      { role: "system" as const, content: "Be brief." },
      { role: "user" as const, content: "What is an agent wallet?" },
      { role: "assistant" as const, content: "An account with rules." },
      { role: "user" as const, content: "Thanks!" },
    ];
    const { contextText } = resolveChatWrapper(model).generateContextState({
      chatHistory: [
        ...messages.map(({ role, content }) =>
          role === "assistant" ? { type: "model" as const, response: [content] } : { type: role, text: content },
        ),
        { type: "model", response: [] },
      ],
    });
    expect(contextText.tokenize(model.tokenizer)).toHaveLength(countPromptTokens(MODEL, plainChat(messages)));
  });
});

describe("the embedded model", () => {
  let engine: Engine;
  const never = new AbortController().signal;
  beforeAll(async () => {
    engine = await openLlamaEngine({ file: FILE, model: MODEL, capacity: 2, contextTokens: null, threads: 1 });
  });
  afterAll(() => engine.close());

  async function ask(content: string, change: Partial<Work> = {}) {
    const work: Work = {
      attemptId: "att_test",
      gateway: "gw",
      model: MODEL,
      question: plainChat([{ role: "user", content }]),
      prefix: "",
      maxTokens: 120,
      temperature: 0,
      topP: 1,
      seed: null,
      frequencyPenalty: 0,
      presencePenalty: 0,
      logprobs: null,
      ...change,
    };
    const pieces = engine.generate(work, never);
    let text = "";
    const seen: Piece[] = [];
    for (let step = await pieces.next(); ; step = await pieces.next()) {
      if (step.done) return { text, seen, finish: step.value.finishReason, usage: step.value.usage };
      seen.push(step.value);
      text += pieceText(step.value);
    }
  }

  it("answers in readable English, and says when it does not know", async () => {
    expect((await ask("Say hello")).text).toMatch(/^Hello/);
    expect((await ask("What is Converge?")).text).toMatch(/ledger|compute/);
    expect((await ask("What is an agent wallet?")).text).toMatch(/agent/);
    expect((await ask("Who invented quantum physics?")).text).toMatch(/do not know/);
  });

  it("goes on from a beginning that another node delivered, as that one would have", async () => {
    const whole = await ask("Tell me a story");
    const at = Math.floor(whole.text.length / 2);
    const cut = whole.text.lastIndexOf(" ", at);
    const rest = await ask("Tell me a story", { prefix: whole.text.slice(0, cut) });
    expect(whole.text.slice(0, cut) + rest.text).toBe(whole.text);
  });

  it("lets through only what a schema allows, and calls a tool that must be called with arguments of its form", async () => {
    const schema = {
      type: "object",
      properties: { answer: { enum: ["yes", "no"] }, count: { type: "integer" } },
      required: ["answer", "count"],
    };
    const question = {
      ...plainChat([{ role: "user", content: "Is it?" }]),
      format: { type: "schema" as const, schema },
    };
    const { text } = await ask("", { question });
    expect(JSON.parse(text)).toMatchObject({ answer: expect.stringMatching(/^(yes|no)$/), count: expect.any(Number) });
    const tools = [{ name: "decide", parameters: schema }];
    const called = await ask("", {
      question: { ...plainChat([{ role: "user", content: "Decide" }]), tools, toolChoice: "required" },
    });
    expect(called.finish).toBe("tool_calls");
    expect(called.seen[0]).toMatchObject({ type: "call", call: 0, name: "decide" });
    const written = called.seen.map((piece) => (piece.type === "arguments" ? piece.text : "")).join("");
    expect(JSON.parse(written)).toMatchObject({ count: expect.any(Number) });
  });

  it("says how likely each token was, the likeliest first, when nothing is left to chance", async () => {
    const { seen, text } = await ask("Say hello", { logprobs: 3, maxTokens: 6 });
    const logprobs = seen.flatMap((piece) => (piece.type === "text" ? (piece.logprobs ?? []) : []));
    expect(
      logprobs
        .map(({ token }) => token)
        .join("")
        .trim(),
    ).toBe(text.trim());
    for (const { logprob, top } of logprobs) {
      expect(logprob).toBeLessThanOrEqual(0);
      expect(top).toHaveLength(3);
      expect(top[0]?.logprob).toBeCloseTo(logprob, 3);
    }
  });

  it("continues a plain text, and turns texts into vectors of one length, alike for alike texts", async () => {
    const { text } = await ask("", { question: { kind: "completion", prompt: "Once upon a" }, maxTokens: 8 });
    expect(text.length).toBeGreaterThan(0);
    const [first, same, other] = await engine.embed(MODEL, ["a ledger", "a ledger", "One, two, three"], never);
    expect(first).toEqual(same);
    expect(first).not.toEqual(other);
    expect(first?.length).toBe(other?.length);
  });

  it("stops at the limit it is given", async () => {
    const { text, finish } = await ask("Count to twenty", { maxTokens: 4 });
    expect([countTinyTokens(text), finish]).toEqual([4, "length"]);
  });
});
