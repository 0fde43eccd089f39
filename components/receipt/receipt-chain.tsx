import {
  ArrowUpRight,
  BadgeCheck,
  Cuboid,
  FileSignature,
  Flag,
  MessageSquare,
  Radio,
  Scale,
  SquareEqual,
  UserCheck,
} from "lucide-react";
import { cn } from "../ui/class-names.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { shorten } from "../ui/identifier.tsx";
import { Time } from "../ui/time.tsx";
import { formatElapsed, type ReceiptStep, type ReceiptStepKind } from "./receipt-step.ts";

const KINDS = {
  intent: { icon: MessageSquare, word: "Intent" },
  event: { icon: Radio, word: "Event" },
  posting: { icon: SquareEqual, word: "Posting" },
  decision: { icon: Scale, word: "Decision" },
  approval: { icon: UserCheck, word: "Approval" },
  signature: { icon: FileSignature, word: "Signature" },
  transaction: { icon: Cuboid, word: "Transaction" },
  proof: { icon: BadgeCheck, word: "Proof" },
  outcome: { icon: Flag, word: "Outcome" },
} as const satisfies Record<ReceiptStepKind, { icon: typeof Radio; word: string }>;

const MARKS = {
  done: "border-line-strong text-ink",
  waiting: "border-dashed border-line-strong text-ink-3",
  refused: "border-bad text-bad",
  failed: "border-bad text-bad",
} as const;

function Step({ step, previousAt }: { step: ReceiptStep; previousAt: string | undefined }) {
  const { icon: Icon, word } = KINDS[step.kind];
  const state = step.state ?? "done";
  return (
    <li className="group relative flex gap-3 pb-6 last:pb-0">
      {/* The strand that ties this step to the next one. */}
      <span
        aria-hidden
        className={cn(
          "absolute top-8 bottom-0 left-3.5 w-px group-last:hidden",
          state === "waiting" ? "border-line border-l border-dashed" : "bg-line",
        )}
      />
      <span
        className={cn(
          "relative flex size-7 shrink-0 items-center justify-center rounded-full border bg-surface",
          MARKS[state],
        )}
      >
        <Icon aria-hidden className="size-3.5" />
      </span>
      <div className="min-w-0 flex-1">
        <div className="flex items-baseline justify-between gap-3 text-xs">
          <span className={state === "refused" || state === "failed" ? "text-bad" : "text-ink-3"}>
            {word}
            {state !== "done" && ` · ${state}`}
          </span>
          {step.at !== undefined && (
            <span className="tabular shrink-0 text-ink-3">
              {previousAt !== undefined && (
                <span className="mr-2 font-mono text-ink-2">{formatElapsed(previousAt, step.at)}</span>
              )}
              <Time iso={step.at} isExact />
            </span>
          )}
        </div>
        <p className={cn("mt-0.5 font-medium text-sm", state === "waiting" && "text-ink-2")}>{step.title}</p>
        {step.detail !== undefined && (
          <div className="mt-0.5 text-ink-2 text-sm [overflow-wrap:anywhere]">{step.detail}</div>
        )}
        {step.hash !== undefined && (
          <div className="mt-1.5 flex items-center gap-2 rounded-sm bg-sunken py-0.5 pr-0.5 pl-2 font-mono text-ink-2 text-xs">
            {step.hashName !== undefined && <span className="shrink-0 text-ink-3">{step.hashName}</span>}
            <span className="min-w-0 flex-1 truncate" title={step.hash}>
              {shorten(step.hash, 18, 12)}
            </span>
            <CopyButton value={step.hash} label={`Copy ${step.hashName ?? `${word.toLowerCase()} identifier`}`} />
            {step.href !== undefined && (
              <a
                href={step.href}
                aria-label={`Open ${word.toLowerCase()}`}
                className="inline-flex size-6 items-center justify-center rounded-sm text-ink-3 hover:bg-canvas hover:text-ink"
              >
                <ArrowUpRight aria-hidden className="size-3.5" />
              </a>
            )}
          </div>
        )}
      </div>
    </li>
  );
}

/** The chain of causes, oldest first: what happened, why, when, and the identifier to check it by. */
export function ReceiptChain({ steps }: { steps: readonly ReceiptStep[] }) {
  return (
    <ol className="py-1">
      {steps.map((step, index) => (
        <Step
          key={`${step.kind}-${step.title}`}
          step={step}
          previousAt={steps.slice(0, index).findLast((earlier) => earlier.at !== undefined)?.at}
        />
      ))}
    </ol>
  );
}
