import { pieceText, plainChat, type TokenLogprob } from "#core/question.ts";
import type { Work } from "#core/schemas/node-protocol.ts";
import { countingOf, countTokens } from "#core/token-count.ts";
import type { Candidate } from "../rank-offers.ts";
import { newAttemptId, runAttempt } from "../run-attempt.ts";
import { TIMING } from "../timing.ts";

/** A challenge waits less long than a person would. */
const CHALLENGE_TIMING = { ...TIMING, firstTokenMs: 20_000 };
const ANSWER_MS_MAX = 60_000;

/** What a node answered to a challenge that looks like anybody's request. */
export type NodeAnswer = {
  text: string;
  tokens: TokenLogprob[];
  /** Milliseconds from the question to the first piece, and to the last. */
  firstMs: number;
  totalMs: number;
  /** Our own count a second, from the question to the last piece; null for an answer too short to tell. */
  tokensPerSecond: number | null;
};

export type Ask = {
  node: Candidate;
  model: string;
  prompt: string;
  maxTokens: number;
  /** What the answer begins with, for a node that can go on from there. */
  prefix?: string;
  /** Whether to ask for the likely alternatives of each token. */
  withAlternatives?: boolean;
};

const ALTERNATIVES = 5;
const TOKENS_TO_MEASURE = 8;

/** The request of a challenge: greedy, so that the same model gives the same answer. */
const workOf = ({ model, prompt, maxTokens, prefix, withAlternatives }: Ask): Omit<Work, "attemptId" | "gateway"> => ({
  model,
  question: plainChat([{ role: "user", content: prompt }]),
  prefix: prefix ?? "",
  maxTokens,
  temperature: 0,
  topP: 1,
  seed: null,
  frequencyPenalty: 0,
  presencePenalty: 0,
  logprobs: withAlternatives ? ALTERNATIVES : null,
});

/** Asks one node and takes its whole answer; null when it did not give one. */
export async function askNode(ask: Ask): Promise<NodeAnswer | null> {
  return answerTo(ask.node, ask.model, workOf(ask));
}

/** As `askNode`, for a request that was somebody's. */
export async function answerTo(
  candidate: Candidate,
  model: string,
  work: Omit<Work, "attemptId" | "gateway">,
): Promise<NodeAnswer | null> {
  const attempt = runAttempt({
    inferenceId: null,
    attemptId: newAttemptId(),
    candidate,
    model,
    work,
    timing: CHALLENGE_TIMING,
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  const startedAt = performance.now();
  let firstAt = 0;
  const answer = { text: "", tokens: [] as TokenLogprob[] };
  let step = await attempt.next();
  for (; !step.done; step = await attempt.next()) {
    if (step.value.type === "vector") continue;
    if (firstAt === 0) firstAt = performance.now();
    answer.text += pieceText(step.value);
    if (step.value.type === "text") answer.tokens.push(...(step.value.logprobs ?? []));
  }
  if (step.value.type !== "done") return null;
  const endedAt = performance.now();
  const count = countTokens(countingOf(model), answer.text);
  return {
    ...answer,
    firstMs: (firstAt || endedAt) - startedAt,
    totalMs: endedAt - startedAt,
    tokensPerSecond: count < TOKENS_TO_MEASURE ? null : (count * 1_000) / (endedAt - startedAt),
  };
}
