import { plainChat } from "../core/question.ts";
import type { OfferFeature, Work } from "../core/schemas/node-protocol.ts";
import type { Engine } from "./engine.ts";

const ANSWER_MS_MAX = 120_000;
const TOKENS = 24;
const PROMPT = "Name three colours and one thing of each.";

export type ModelTest = {
  model: string;
  /** Null when it works; else why it is not listed. */
  problem: string | null;
  firstMs: number;
  totalMs: number;
  characters: number;
  /** What the listing claimed and the model did not do. */
  missing: OfferFeature[];
};

const workOf = (model: string, logprobs: number | null): Work => ({
  attemptId: "self-test",
  gateway: "",
  model,
  question: plainChat([{ role: "user", content: PROMPT }]),
  prefix: "",
  maxTokens: TOKENS,
  temperature: 0,
  topP: 1,
  seed: null,
  frequencyPenalty: 0,
  presencePenalty: 0,
  logprobs,
});

type Said = { text: string; firstMs: number; totalMs: number; hasLogprobs: boolean };

async function ask(engine: Engine, model: string, logprobs: number | null): Promise<Said> {
  const startedAt = performance.now();
  const said: Said = { text: "", firstMs: 0, totalMs: 0, hasLogprobs: false };
  const pieces = engine.generate(workOf(model, logprobs), AbortSignal.timeout(ANSWER_MS_MAX));
  for (let step = await pieces.next(); !step.done; step = await pieces.next()) {
    if (step.value.type !== "text") continue;
    if (said.firstMs === 0) said.firstMs = performance.now() - startedAt;
    said.text += step.value.text;
    said.hasLogprobs ||= (step.value.logprobs?.length ?? 0) > 0;
  }
  said.totalMs = performance.now() - startedAt;
  return said;
}

/** Asks a model what a renter would, before anybody can rent it. */
export async function testModel(engine: Engine, model: string, claimed: readonly OfferFeature[]): Promise<ModelTest> {
  const failed = (problem: string): ModelTest => ({
    model,
    problem,
    firstMs: 0,
    totalMs: 0,
    characters: 0,
    missing: [],
  });
  try {
    // The first answer may wait for the weights to be read; what is measured is the second.
    const first = await ask(engine, model, null);
    if (first.text === "") return failed("It answered nothing.");
    const wantsLogprobs = claimed.includes("logprobs");
    const second = await ask(engine, model, wantsLogprobs ? 1 : null);
    return {
      model,
      problem: second.text === "" ? "It answered nothing the second time." : null,
      firstMs: second.firstMs,
      totalMs: second.totalMs,
      characters: second.text.length,
      missing: wantsLogprobs && !second.hasLogprobs ? ["logprobs"] : [],
    };
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

/** Tests every model of an engine, one after the other. */
export async function testModels(engine: Engine): Promise<ModelTest[]> {
  await engine.refresh();
  const tests: ModelTest[] = [];
  for (const { model, features } of engine.models()) tests.push(await testModel(engine, model, features));
  return tests;
}

export const testLine = ({ model, problem, firstMs, totalMs, characters, missing }: ModelTest): string =>
  problem === null
    ? `${model}: first words after ${Math.round(firstMs)} ms, ${characters} characters in ${Math.round(totalMs)} ms${missing.length > 0 ? `; without ${missing.join(", ")}` : ""}.`
    : `${model} is not listed: ${problem}`;
