import { Check, CircleX, LoaderCircle } from "lucide-react";
import type { StepOutline } from "#core/journey/walk.ts";
import { cn } from "../ui/class-names.ts";
import { CHAPTERS, type Chapter } from "./chapters.ts";
import { formatMs, STATE_WORDS, type StepState, stateOf } from "./step-state.ts";
import type { TourSnapshot } from "./tour-store.ts";

function Mark({ state, number, chapter }: { state: StepState; number: number; chapter: Chapter }) {
  if (state === "done") return <Check aria-hidden className={cn("size-4", chapter.text)} />;
  if (state === "failed") return <CircleX aria-hidden className="size-4 text-bad" />;
  if (state === "running") return <LoaderCircle aria-hidden className={cn("size-4 animate-spin", chapter.text)} />;
  return <span className="tabular text-ink-3 text-xs">{number}</span>;
}

type StepButtonProps = {
  step: StepOutline;
  number: number;
  chapter: Chapter;
  tour: TourSnapshot;
  onSelect: () => void;
};

function StepButton({ step, number, chapter, tour, onSelect }: StepButtonProps) {
  const state = stateOf(tour, step.name);
  const record = tour.records[step.name];
  const isSelected = tour.selected === step.name;
  return (
    <button
      type="button"
      onClick={onSelect}
      aria-current={isSelected ? "step" : undefined}
      data-step={step.name}
      data-state={state}
      className={cn(
        "relative flex min-h-9 w-full items-center gap-3 py-1.5 pr-4 pl-4 text-left transition-colors focus-visible:outline-offset-[-2px] pointer-coarse:min-h-11",
        isSelected ? "bg-sunken" : "hover:bg-canvas",
      )}
    >
      {isSelected && <span aria-hidden className={cn("absolute inset-y-0 left-0 w-0.5", chapter.mark)} />}
      <span className="flex size-4 shrink-0 items-center justify-center">
        <Mark state={state} number={number} chapter={chapter} />
      </span>
      <span
        className={cn(
          "min-w-0 flex-1 text-pretty text-sm",
          state === "waiting" && !isSelected ? "text-ink-2" : "text-ink",
          isSelected && "font-medium",
        )}
      >
        {step.title}
        <span className="sr-only">: {STATE_WORDS[state]}</span>
      </span>
      <span
        className={cn(
          "tabular w-14 shrink-0 text-right font-mono text-xs",
          state === "failed" ? "text-bad" : "text-ink-3",
        )}
      >
        {state === "failed" ? "failed" : record && formatMs(record.ms)}
      </span>
    </button>
  );
}

function Figure({ chapter, tour }: { chapter: Chapter; tour: TourSnapshot }) {
  const value = tour.records[chapter.figure.step]?.receipt[chapter.figure.key];
  if (value === undefined) return <span className="text-ink-3 text-xs">{chapter.pillarName}</span>;
  return (
    <span className="tabular text-ink-2 text-xs">
      <span className="font-mono text-ink">{value}</span> {chapter.figure.label}
    </span>
  );
}

type Props = { steps: readonly StepOutline[]; tour: TourSnapshot; onSelect: (name: string) => void };

/** All steps in the order they happen, each chapter under the mark of its pillar. */
export function StepList({ steps, tour, onSelect }: Props) {
  return (
    <ol className="flex flex-col gap-1 py-3">
      {CHAPTERS.map((chapter) => (
        <li key={chapter.name} className="pb-1 last:pb-0">
          <h2 className="flex h-8 items-center gap-3 px-4">
            <span aria-hidden className="flex w-4 justify-center">
              <span className={cn("h-4 w-0.5 rounded-full", chapter.mark)} />
            </span>
            <span className="flex-1 font-medium text-sm">{chapter.name}</span>
            <Figure chapter={chapter} tour={tour} />
          </h2>
          <ol>
            {chapter.steps.map((name) => {
              const at = steps.findIndex((step) => step.name === name);
              const step = steps[at];
              if (!step) return null;
              return (
                <li key={name}>
                  <StepButton
                    step={step}
                    number={at + 1}
                    chapter={chapter}
                    tour={tour}
                    onSelect={() => onSelect(name)}
                  />
                </li>
              );
            })}
          </ol>
        </li>
      ))}
    </ol>
  );
}
