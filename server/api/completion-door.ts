import { completionOrder } from "#core/inference-order.ts";
import type { TokenLogprob } from "#core/question.ts";
import { type CompletionRequest, completionRequest } from "#core/schemas/chat.ts";
import type { InferenceEvent } from "#server/compute/run-inference.ts";
import { type Answered, inferenceDoor, secondsOf, usageOf } from "./inference-door.ts";

/** The older surface's form: parallel lists, with the place of each token in the text. */
function logprobsView(logprobs: readonly TokenLogprob[], offset: number) {
  let at = offset;
  const offsets = logprobs.map(({ token }) => {
    const here = at;
    at += token.length;
    return here;
  });
  return {
    tokens: logprobs.map(({ token }) => token),
    token_logprobs: logprobs.map(({ logprob }) => logprob),
    top_logprobs: logprobs.map(({ top }) => Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))),
    text_offset: offsets,
  };
}

const textOf = (events: readonly InferenceEvent[]): string =>
  events.map((event) => (event.type === "piece" && event.piece.type === "text" ? event.piece.text : "")).join("");
const logprobsOf = (events: readonly InferenceEvent[]): TokenLogprob[] =>
  events.flatMap((event) =>
    event.type === "piece" && event.piece.type === "text" ? (event.piece.logprobs ?? []) : [],
  );

const baseOf = (answered: Answered) => ({
  id: `cmpl-${answered.id}`,
  object: "text_completion",
  created: secondsOf(answered),
  model: answered.model,
});

const choiceOf = (text: string, finishReason: string | null, logprobs: object | null) => ({
  index: 0,
  text,
  logprobs,
  finish_reason: finishReason,
});

/** `POST /api/v1/completions`. */
export const handleCompletions = inferenceDoor<CompletionRequest>({
  name: "completions",
  read: (body) => completionRequest.parse(body),
  order: completionOrder,
  whole: (answered, events, { finishReason, usage }, input) => ({
    ...baseOf(answered),
    choices: [
      choiceOf(textOf(events), finishReason, input.logprobs == null ? null : logprobsView(logprobsOf(events), 0)),
    ],
    usage: usageOf(usage),
  }),
  stream: (answered, input) => {
    const withUsage = input.stream_options?.include_usage === true;
    const base = baseOf(answered);
    const usage = withUsage ? { usage: null } : {};
    let offset = 0;
    return {
      first: null,
      piece: (event) => {
        const text = textOf([event]);
        const logprobs = input.logprobs == null ? null : logprobsView(logprobsOf([event]), offset);
        offset += text.length;
        return [{ ...base, choices: [choiceOf(text, null, logprobs)], ...usage }];
      },
      last: (end) => [
        { ...base, choices: [choiceOf("", end.finishReason, null)], ...usage },
        ...(withUsage ? [{ ...base, choices: [], usage: usageOf(end.usage) }] : []),
      ],
    };
  },
  kept: (kept) => ({ ...baseOf(kept), choices: [choiceOf(kept.text, kept.finishReason, null)], usage: usageOf(kept) }),
});
