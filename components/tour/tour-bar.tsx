import { ArrowRight } from "lucide-react";
import Link from "next/link";
import type { StepOutline } from "#core/journey/walk.ts";
import { Button } from "../ui/button.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { cn } from "../ui/class-names.ts";
import { chapterOf } from "./chapters.ts";
import { formatMs, type Progress, stateOf } from "./step-state.ts";
import type { TourSnapshot, TourStore } from "./tour-store.ts";

function Ticks({ steps, tour }: { steps: readonly StepOutline[]; tour: TourSnapshot }) {
  return (
    <div aria-hidden className="flex gap-0.5">
      {steps.map(({ name }) => {
        const state = stateOf(tour, name);
        return (
          <span
            key={name}
            className={cn(
              "h-1 flex-1 transition-colors duration-200 first:rounded-l-full last:rounded-r-full",
              state === "waiting" && "bg-line",
              state === "failed" && "bg-bad",
              (state === "done" || state === "running") && chapterOf(name).mark,
              state === "running" && "animate-pulse",
            )}
          />
        );
      })}
    </div>
  );
}

function Actions({ tour, store, progress }: { tour: TourSnapshot; store: TourStore; progress: Progress }) {
  if (progress.isComplete) {
    return (
      <>
        <Button onClick={() => store.restart(tour.wantsNewPerson)}>Start over</Button>
        <Link href="/overview" className={buttonClass({ variant: "primary" })}>
          Open the console
        </Link>
      </>
    );
  }
  const isRunning = tour.running !== null;
  const label = progress.done === 0 && !progress.failed ? "Start" : progress.failed ? "Try again" : "Next step";
  return (
    <>
      {tour.isAutomatic ? (
        <Button className="sm:min-w-32" onClick={store.stopAfterThis}>
          Stop after this
        </Button>
      ) : (
        <Button className="sm:min-w-32" disabled={isRunning} focusableWhenDisabled onClick={() => void store.runRest()}>
          {progress.done === 0 ? "Run it all" : "Run the rest"}
        </Button>
      )}
      <Button variant="primary" className="sm:min-w-32" isPending={isRunning} onClick={() => void store.runNext()}>
        {label}
        {!isRunning && <ArrowRight aria-hidden />}
      </Button>
    </>
  );
}

type Props = {
  steps: readonly StepOutline[];
  tour: TourSnapshot;
  store: TourStore;
  progress: Progress;
  canWalk: boolean;
};

/** How far the walk is, and the one thing to do next. It stays in view. */
export function TourBar({ steps, tour, store, progress, canWalk }: Props) {
  return (
    <div
      // What walking takes is on its way before the press.
      onPointerEnter={() => void store.prepare().catch(() => undefined)}
      className="sticky z-10 border-line bg-surface max-lg:bottom-0 max-lg:order-last max-lg:rounded-b-md max-lg:border-t max-lg:pb-[env(safe-area-inset-bottom)] lg:top-0 lg:rounded-t-md lg:border-b"
    >
      <div className="px-4 pt-3 md:px-6">
        <Ticks steps={steps} tour={tour} />
      </div>
      <div className="flex flex-wrap items-center gap-x-2 gap-y-2 px-4 py-3 md:px-6">
        <p className="tabular mr-auto text-ink-2 text-sm">
          <span className="font-medium text-ink">{progress.done}</span> of {progress.of}
          <span className="max-sm:hidden"> steps</span>
          {progress.ms > 0 && <span className="text-ink-3 max-sm:hidden"> · {formatMs(progress.ms)}</span>}
        </p>
        {progress.done > 0 && !progress.isComplete && !progress.failed && !tour.running && (
          <Button variant="ghost" className="max-sm:hidden" onClick={() => store.restart(tour.wantsNewPerson)}>
            Start over
          </Button>
        )}
        {canWalk && <Actions tour={tour} store={store} progress={progress} />}
      </div>
    </div>
  );
}
