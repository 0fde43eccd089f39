import { useRef, useState } from "react";
import type { ChatMessage } from "#core/schemas/chat.ts";
import { CompletionError, streamCompletion } from "./stream-completion.ts";

const MAX_TOKENS = 256;

export type Turn = {
  id: number;
  question: string;
  answer: string;
  state: "streaming" | "done" | "stopped" | "failed";
  receiptId?: string;
  promptTokens?: number;
  completionTokens?: number;
  firstTextMs?: number;
  tokensPerSecond?: number;
  error?: { message: string; code: string; requestId?: string | undefined; roomAt?: string | undefined };
};

const historyOf = (turns: readonly Turn[]): ChatMessage[] =>
  turns
    .filter((turn) => turn.state === "done")
    .flatMap((turn) => [
      { role: "user" as const, content: turn.question },
      { role: "assistant" as const, content: turn.answer },
    ]);

/** A conversation with a model, one answer at a time. `onSettled` runs when the money of a turn has moved. */
export function useConversation(onSettled: () => unknown) {
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const abort = useRef<AbortController | null>(null);
  const isStreaming = turns.at(-1)?.state === "streaming";

  const patchLast = (change: (turn: Turn) => Partial<Turn>) =>
    setTurns((all) => all.map((turn, index) => (index === all.length - 1 ? { ...turn, ...change(turn) } : turn)));

  const ask = async (model: string, question: string) => {
    const controller = new AbortController();
    abort.current = controller;
    const messages: ChatMessage[] = [...historyOf(turns), { role: "user", content: question }];
    setTurns((all) => [...all, { id: all.length, question, answer: "", state: "streaming" }]);
    const startedAt = performance.now();
    let firstTextAt: number | null = null;
    try {
      for await (const event of streamCompletion({
        model,
        messages,
        maxTokens: MAX_TOKENS,
        signal: controller.signal,
      })) {
        if (event.type === "started" && event.receiptId) {
          const { receiptId } = event;
          patchLast(() => ({ receiptId }));
        } else if (event.type === "text") {
          firstTextAt ??= performance.now();
          const firstTextMs = Math.round(firstTextAt - startedAt);
          patchLast((turn) => ({ answer: turn.answer + event.text, firstTextMs }));
        } else if (event.type === "usage") {
          const seconds = (performance.now() - (firstTextAt ?? startedAt)) / 1000;
          const { promptTokens, completionTokens } = event;
          const speed =
            completionTokens > 1 && seconds > 0 ? { tokensPerSecond: Math.round(completionTokens / seconds) } : {};
          patchLast(() => ({ promptTokens, completionTokens, ...speed }));
        }
      }
      patchLast(() => ({ state: "done" }));
    } catch (cause) {
      if (controller.signal.aborted) patchLast(() => ({ state: "stopped" }));
      else {
        const error = cause instanceof CompletionError ? cause : { message: "The connection broke.", code: "NETWORK" };
        patchLast(() => ({ state: "failed", error }));
      }
    } finally {
      onSettled();
    }
  };

  return { turns, isStreaming, ask, stop: () => abort.current?.abort() };
}
