import { CircleAlert } from "lucide-react";
import type { Receipt } from "#core/journey/ports.ts";
import type { StepOutline } from "#core/journey/walk.ts";
import { ReceiptChain } from "../receipt/receipt-chain.tsx";
import type { ReceiptStep } from "../receipt/receipt-step.ts";
import { StatusBadge, type StatusKind } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { chapterOf } from "./chapters.ts";
import type { StepRecord } from "./read-tour.ts";
import { StepCalls } from "./step-calls.tsx";
import { type Cause, fillText, STEP_FACTS } from "./step-facts.ts";
import { StepReceipt } from "./step-receipt.tsx";
import { type StepState, stateOf } from "./step-state.ts";
import { STEP_WORDS } from "./step-words.ts";
import type { TourSnapshot } from "./tour-store.ts";

const BADGES: Record<StepState, readonly [StatusKind, string]> = {
  waiting: ["idle", "Waiting"],
  running: ["busy", "Running"],
  done: ["ok", "Done"],
  failed: ["bad", "Failed"],
};

/** A cause that has not happened yet keeps the place of its identifier. */
function toReceiptStep(cause: Cause, receipt: Receipt | null): ReceiptStep {
  const hash = cause.hash === undefined ? "" : String(receipt?.[cause.hash] ?? "");
  const detail = fillText(cause.detail, receipt ?? {});
  return {
    kind: cause.kind,
    title: fillText(cause.title, receipt ?? {}),
    state: receipt === null ? "waiting" : cause.isRefusal ? "refused" : "done",
    hash: hash === "" ? undefined : hash,
    detail:
      cause.hash !== undefined && hash === "" ? (
        <>
          {detail}
          <span aria-hidden className="mt-1.5 block h-7 rounded-sm bg-sunken" />
        </>
      ) : (
        detail
      ),
  };
}

type Retry = { onRetry: () => void; onRestart: () => void; restartLabel: string };

function Failure({ record, safety, onRetry, onRestart, restartLabel }: Retry & { record: StepRecord; safety: string }) {
  const { message, code, requestId } = record.problem ?? { message: record.error ?? "", code: "UNEXPECTED" };
  return (
    <div role="alert" className="flex gap-3 rounded-md border border-bad px-4 py-3">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0">
        <p className="font-medium text-sm">{message}</p>
        <p className="mt-1 text-ink-2 text-sm">{safety}</p>
        <p className="mt-2 flex flex-wrap items-center gap-x-2 font-mono text-ink-2 text-xs">
          {code}
          {requestId !== undefined && (
            <span className="inline-flex items-center">
              {requestId} <CopyButton value={requestId} label="Copy request id" />
            </span>
          )}
        </p>
        <p className="mt-3 flex flex-wrap gap-2">
          <Button size="sm" onClick={onRetry}>
            Try this step again
          </Button>
          <Button size="sm" variant="ghost" onClick={onRestart}>
            {restartLabel}
          </Button>
        </p>
      </div>
    </div>
  );
}

function Answer({ text, isRunning }: { text: string; isRunning: boolean }) {
  return (
    <figure className="rounded-md border border-line px-4 py-3">
      <figcaption className="eyebrow">The answer</figcaption>
      <p className={cn("mt-1 min-h-25 text-base sm:min-h-15", text === "" && "text-ink-3")}>
        {text || (isRunning ? "Waiting for the first word." : "It appears here word by word.")}
        {isRunning && text !== "" && (
          <span aria-hidden className="ml-0.5 inline-block h-4 w-1.5 animate-pulse bg-compute align-text-bottom" />
        )}
      </p>
    </figure>
  );
}

const ANSWERING: ReadonlySet<string> = new Set(["spend", "agent-pays"]);

type Props = {
  step: StepOutline;
  number: number;
  of: number;
  tour: TourSnapshot;
  /** What is different for this visitor; shown with the first step. */
  note?: string | undefined;
} & Retry;

/** One step: in the person's words, then what happens behind it, then what it left behind. */
export function StepDetail({ step, number, of, tour, note, ...retry }: Props) {
  const state = stateOf(tour, step.name);
  const record = tour.records[step.name];
  const receipt = record?.ok ? record.receipt : null;
  const { words, safety } = STEP_WORDS[step.name] ?? { words: "", safety: "" };
  const facts = STEP_FACTS[step.name] ?? { rows: [], causes: [] };
  const running = tour.running?.name === step.name ? tour.running : null;
  const chapter = chapterOf(step.name);
  const [badge, badgeWord] = BADGES[state];
  return (
    <section aria-labelledby="step-title" className="flex min-w-0 flex-1 flex-col">
      <div key={`${step.name} words`} className="flex flex-col gap-4 px-4 py-5 md:px-6">
        <div>
          <div className="flex items-center justify-between gap-3">
            <p className="eyebrow tabular flex items-center gap-2">
              <span aria-hidden className={cn("h-3 w-0.5 rounded-full", chapter.mark)} />
              {chapter.pillarName} · step {number} of {of}
            </p>
            <StatusBadge kind={badge}>{badgeWord}</StatusBadge>
          </div>
          <h2 id="step-title" className="mt-2 text-balance font-semibold text-xl tracking-tight">
            {step.title}
          </h2>
          <p className="mt-2 max-w-prose text-pretty text-base text-ink-2">{words}</p>
          {note !== undefined && <p className="mt-2 max-w-prose text-ink-3 text-sm">{note}</p>}
        </div>
        {state === "failed" && record && <Failure record={record} safety={safety} {...retry} />}
        {ANSWERING.has(step.name) && (
          <Answer text={running?.answer ?? record?.answer ?? ""} isRunning={running !== null} />
        )}
      </div>
      <div
        key={`${step.name} facts`}
        className="grid flex-1 border-line border-t border-dashed *:min-w-0 *:px-4 *:py-5 md:*:px-6 xl:grid-cols-[minmax(0,1fr)_20rem]"
      >
        <div>
          <h3 className="font-medium text-sm">Behind it</h3>
          <p className="mt-1 mb-4 max-w-prose text-pretty text-ink-2 text-sm">{step.behind}</p>
          <ReceiptChain steps={facts.causes.map((cause) => toReceiptStep(cause, receipt))} />
        </div>
        <div className="border-line border-dashed max-xl:border-t xl:border-l">
          <h3 className="mb-1 font-medium text-sm">Receipt</h3>
          <StepReceipt rows={facts.rows} receipt={receipt ?? {}} />
        </div>
      </div>
      <StepCalls calls={running?.calls ?? record?.calls ?? []} />
    </section>
  );
}
