"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowUp, CircleAlert, ReceiptText, Square } from "lucide-react";
import Link from "next/link";
import { type FormEvent, type KeyboardEvent, useState } from "react";
import { useTRPC } from "../api/trpc.ts";
import { LimitsLink } from "../limits/limits-link.tsx";
import { Amount } from "../money/amount.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Kbd } from "../ui/kbd.tsx";
import { Select } from "../ui/select.tsx";
import { useAddressValue } from "../ui/use-address-value.ts";
import { InferenceReceiptDrawer } from "./inference-receipt.tsx";
import { type Turn, useConversation } from "./use-conversation.ts";

const SUGGESTIONS = ["What is Converge?", "What is an agent wallet?", "Say hello"];

function TurnFoot({ turn }: { turn: Turn }) {
  const facts = [
    turn.completionTokens !== undefined && `${turn.promptTokens} in, ${turn.completionTokens} out`,
    turn.firstTextMs !== undefined && `first token ${turn.firstTextMs} ms`,
    turn.tokensPerSecond !== undefined && `${turn.tokensPerSecond} tok/s`,
  ].filter((fact) => typeof fact === "string");
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-ink-3 text-xs">
      {facts.length > 0 && <span className="tabular">{facts.join(" · ")}</span>}
      {turn.receiptId && turn.state !== "streaming" && (
        <InferenceReceiptDrawer
          receiptId={turn.receiptId}
          trigger={
            <button
              type="button"
              className="inline-flex min-h-6 items-center gap-1 rounded-sm font-medium text-ink-2 hover:text-ink"
            >
              <ReceiptText aria-hidden className="size-3.5" /> Receipt
            </button>
          }
        />
      )}
    </div>
  );
}

function TurnView({ turn }: { turn: Turn }) {
  return (
    <li className="border-line border-b px-4 py-4 last:border-0">
      <p className="font-medium text-base">{turn.question}</p>
      <p
        className="mt-2 whitespace-pre-wrap text-base text-ink-2"
        aria-live="polite"
        aria-busy={turn.state === "streaming"}
      >
        {turn.answer}
        {turn.state === "streaming" && (
          <span aria-hidden className="ml-0.5 inline-block h-4 w-1.5 animate-pulse bg-compute align-text-bottom" />
        )}
      </p>
      {turn.error && (
        <p role="alert" className="mt-2 flex items-start gap-2 text-bad text-sm">
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          <span>
            {turn.error.message}
            {turn.answer !== "" && " What did not arrive is not charged."}
            {turn.error.code === "INSUFFICIENT_FUNDS" && (
              <>
                {" "}
                <Link href="/feed" className="underline underline-offset-4">
                  Earn a few cents first
                </Link>
                .
              </>
            )}
            {turn.error.code === "CAP_EXCEEDED" && (
              <>
                {" "}
                <LimitsLink roomAt={turn.error.roomAt} />
              </>
            )}
            {turn.error.requestId && <span className="ml-1 font-mono text-xs">{turn.error.requestId}</span>}
          </span>
        </p>
      )}
      <TurnFoot turn={turn} />
    </li>
  );
}

export default function Playground() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const models = useQuery(trpc.compute.listModels.queryOptions());
  const [chosen, setChosen] = useAddressValue("model");
  const [text, setText] = useState("");
  const model = chosen ?? models.data?.data[0]?.id ?? null;
  const price = models.data?.data.find((candidate) => candidate.id === model);
  const { turns, isStreaming, ask, stop } = useConversation(() => queryClient.invalidateQueries());

  const send = (question: string) => {
    if (model === null || question.trim() === "" || isStreaming) return;
    setText("");
    void ask(model, question.trim());
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send(text);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send(text);
    }
  };

  return (
    <Card className="flex min-h-[480px] flex-col">
      <div className="flex flex-wrap items-center gap-3 border-line border-b px-4 py-3">
        <Select
          className="w-56"
          label="Model"
          placeholder={models.isPending ? "Loading models" : "No model is served"}
          options={(models.data?.data ?? []).map((candidate) => ({ value: candidate.id, label: candidate.id }))}
          value={model}
          onValueChange={setChosen}
        />
        {price && (
          <p className="tabular text-ink-3 text-sm">
            <Amount units={price.inputPriceMin} /> in, <Amount units={price.outputPriceMin} /> out per 1M tokens
          </p>
        )}
      </div>
      {turns.length === 0 ? (
        <div className="flex-1 px-4 py-6">
          <p className="font-medium text-base">Ask a model on somebody else’s machine</p>
          <p className="mt-1 max-w-prose text-ink-2 text-sm">
            The worst case is set aside from your balance, the answer streams, and only the tokens that arrived are
            charged.
          </p>
          <ul className="mt-4 flex flex-wrap gap-2">
            {SUGGESTIONS.map((suggestion) => (
              <li key={suggestion}>
                <Button size="sm" disabled={model === null} onClick={() => send(suggestion)}>
                  {suggestion}
                </Button>
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <ol className="flex-1">
          {turns.map((turn) => (
            <TurnView key={turn.id} turn={turn} />
          ))}
        </ol>
      )}
      <form onSubmit={submit} className="sticky bottom-14 rounded-b-md border-line border-t bg-surface p-3 md:bottom-0">
        <div className="flex items-end gap-2 rounded-md border border-line-strong/60 bg-surface p-1.5 focus-within:border-focus">
          <textarea
            aria-label="Your question"
            rows={1}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={onKeyDown}
            placeholder="Ask something"
            className="field-sizing-content max-h-40 min-h-8 flex-1 resize-none bg-transparent px-2 py-1.5 text-base outline-none placeholder:text-ink-3 pointer-coarse:text-lg"
          />
          {isStreaming ? (
            <Button size="icon" aria-label="Stop" onClick={stop}>
              <Square aria-hidden />
            </Button>
          ) : (
            <Button
              type="submit"
              variant="primary"
              size="icon"
              aria-label="Send"
              disabled={model === null || text.trim() === ""}
            >
              <ArrowUp aria-hidden />
            </Button>
          )}
        </div>
        <p className="mt-1.5 hidden gap-1 text-ink-3 text-xs sm:flex">
          <Kbd>Enter</Kbd> to send, <Kbd>Shift</Kbd> <Kbd>Enter</Kbd> for a new line
        </p>
      </form>
    </Card>
  );
}
