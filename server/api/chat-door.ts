import { chatOrder } from "#core/inference-order.ts";
import type { TokenLogprob } from "#core/question.ts";
import { type ChatRequest, chatRequest } from "#core/schemas/chat.ts";
import type { InferenceEvent } from "#server/compute/run-inference.ts";
import { type Answered, inferenceDoor, type StreamForm, type Surface, secondsOf, usageOf } from "./inference-door.ts";

const utf8 = new TextEncoder();
const idOf = ({ id }: Answered) => `chatcmpl-${id}`;

const logprobView = ({ token, logprob }: { token: string; logprob: number }) => ({
  token,
  logprob,
  bytes: [...utf8.encode(token)],
});
const logprobsView = (logprobs: readonly TokenLogprob[]) => ({
  content: logprobs.map((one) => ({ ...logprobView(one), top_logprobs: one.top.map(logprobView) })),
  refusal: null,
});

/** The message that all pieces together make. */
function messageOf(events: readonly InferenceEvent[]) {
  let text = "";
  const calls: { id: string; type: "function"; function: { name: string; arguments: string } }[] = [];
  const logprobs: TokenLogprob[] = [];
  for (const event of events) {
    if (event.type !== "piece") continue;
    const { piece } = event;
    if (piece.type === "text") {
      text += piece.text;
      logprobs.push(...(piece.logprobs ?? []));
    } else if (piece.type === "call") {
      calls[piece.call] = { id: piece.id, type: "function", function: { name: piece.name, arguments: "" } };
    } else {
      const call = calls[piece.call];
      if (call) call.function.arguments += piece.text;
    }
  }
  const made = calls.filter((call) => call !== undefined);
  return {
    message: {
      role: "assistant",
      content: made.length > 0 && text === "" ? null : text,
      refusal: null,
      ...(made.length > 0 ? { tool_calls: made } : {}),
    },
    logprobs,
  };
}

function wholeAnswer(
  answered: Answered,
  message: object,
  logprobs: object | null,
  finishReason: string,
  usage: object,
) {
  return {
    id: idOf(answered),
    object: "chat.completion",
    created: secondsOf(answered),
    model: answered.model,
    choices: [{ index: 0, message, logprobs, finish_reason: finishReason }],
    usage,
  };
}

function streamForm(answered: Answered, input: ChatRequest): StreamForm {
  const withUsage = input.stream_options?.include_usage === true;
  const base = {
    id: idOf(answered),
    object: "chat.completion.chunk",
    created: secondsOf(answered),
    model: answered.model,
  };
  const chunk = (delta: object, finishReason: string | null, logprobs: object | null = null) => ({
    ...base,
    choices: [{ index: 0, delta, logprobs, finish_reason: finishReason }],
    ...(withUsage ? { usage: null } : {}),
  });
  const callDelta = (index: number, rest: object) => chunk({ tool_calls: [{ index, ...rest }] }, null);
  return {
    first: chunk({ role: "assistant", content: "", refusal: null }, null),
    piece: (event) => {
      if (event.type !== "piece") return [];
      const { piece } = event;
      if (piece.type === "text")
        return [chunk({ content: piece.text }, null, piece.logprobs ? logprobsView(piece.logprobs) : null)];
      if (piece.type === "call")
        return [
          callDelta(piece.call, { id: piece.id, type: "function", function: { name: piece.name, arguments: "" } }),
        ];
      return [callDelta(piece.call, { function: { arguments: piece.text } })];
    },
    last: ({ finishReason, usage }) => [
      chunk({}, finishReason),
      ...(withUsage ? [{ ...base, choices: [], usage: usageOf(usage) }] : []),
    ],
  };
}

export const CHAT: Surface<ChatRequest> = {
  name: "chat",
  read: (body) => chatRequest.parse(body),
  order: chatOrder,
  whole: (answered, events, end, input) => {
    const { message, logprobs } = messageOf(events);
    return wholeAnswer(
      answered,
      message,
      input.logprobs ? logprobsView(logprobs) : null,
      end.finishReason,
      usageOf(end.usage),
    );
  },
  stream: streamForm,
  kept: (kept) =>
    wholeAnswer(kept, { role: "assistant", content: kept.text, refusal: null }, null, kept.finishReason, usageOf(kept)),
};

/** `POST /api/v1/chat/completions`. */
export const handleChatCompletions = inferenceDoor(CHAT);
