"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useSyncExternalStore } from "react";
import type { StepOutline } from "#core/journey/walk.ts";
import { CodeBlock } from "../ui/code-block.tsx";
import { StepDetail } from "./step-detail.tsx";
import { StepList } from "./step-list.tsx";
import { formatMs, progressOf } from "./step-state.ts";
import { TourBar } from "./tour-bar.tsx";
import { useTour } from "./tour-session.ts";
import type { TourSnapshot } from "./tour-store.ts";

export type Visitor = { name: string; isShared: boolean } | null;

const supportsPasskeys = (): boolean => typeof PublicKeyCredential === "function";
const nothing = () => () => undefined;

/** What the first step says to somebody who is signed in already. */
function noteFor(visitor: Visitor, tour: TourSnapshot): string | undefined {
  if (tour.records["sign-in"]?.ok || visitor === null) return undefined;
  if (visitor.isShared)
    return `You are signed in as ${visitor.name}, an account everybody here shares. The walk signs it out and makes a person of your own.`;
  if (tour.wantsNewPerson) return "The walk signs out whoever walked before and makes a new person.";
  return `You are signed in as ${visitor.name}, so the walk goes on as you and uses the passkey you have.`;
}

function announce(steps: readonly StepOutline[], tour: TourSnapshot, isComplete: boolean): string {
  const at = steps.findIndex(({ name }) => name === (tour.running?.name ?? tour.selected));
  const step = steps[at];
  if (!step) return "";
  const where = `Step ${at + 1} of ${steps.length}, ${step.title}`;
  if (tour.running) return `${where}: running.`;
  const record = tour.records[step.name];
  if (!record) return "";
  if (!record.ok) return `${where}: failed.`;
  return `${where}: done in ${formatMs(record.ms)}.${isComplete ? " The walk is complete." : ""}`;
}

function NoPasskeys() {
  return (
    <div className="border-line border-b px-4 py-4 md:px-6">
      <p className="max-w-prose text-base">
        This browser has no passkeys, and the walk begins with one. Open the page in another browser, or walk the same
        steps from a terminal beside a running Converge:
      </p>
      <CodeBlock label="The same walk, from a terminal" code="npm run journey" className="mt-3 max-w-md" />
    </div>
  );
}

/** The whole walk as an instrument: the steps at the left, what is behind the chosen one at the right. */
export function TourView({ steps, visitor }: { steps: readonly StepOutline[]; visitor: Visitor }) {
  const { tour, store } = useTour();
  const router = useRouter();
  const canWalk = useSyncExternalStore(nothing, supportsPasskeys, () => true);
  const progress = progressOf(steps, tour);
  const at = Math.max(
    0,
    steps.findIndex(({ name }) => name === tour.selected),
  );
  const step = steps[at];
  const detail = useRef<HTMLDivElement>(null);

  // The page's frame shows who is signed in; it learns of it the moment the first step is done.
  const isRunningSignIn = tour.running?.name === "sign-in";
  const ranSignIn = useRef(false);
  useEffect(() => {
    if (ranSignIn.current && !isRunningSignIn) router.refresh();
    ranSignIn.current = isRunningSignIn;
  }, [isRunningSignIn, router]);

  // Whoever has scrolled down and starts a step sees it from its beginning.
  const runningName = tour.running?.name;
  useEffect(() => {
    const top = detail.current?.getBoundingClientRect().top ?? 0;
    if (runningName !== undefined && top < 0) detail.current?.scrollIntoView({ block: "start" });
  }, [runningName]);

  if (!step) return null;
  const isCapReached = tour.records[tour.selected]?.problem?.code === "CAP_REACHED";
  return (
    <div className="flex flex-col rounded-md border border-line bg-surface">
      <TourBar steps={steps} tour={tour} store={store} progress={progress} canWalk={canWalk} />
      {!canWalk && <NoPasskeys />}
      <div className="flex flex-col lg:flex-row">
        <nav
          aria-label="Steps"
          className="border-line max-lg:order-last max-lg:border-t lg:w-88 lg:shrink-0 lg:border-r"
        >
          <StepList
            steps={steps}
            tour={tour}
            onSelect={(name) => {
              store.select(name);
              // On a phone the chosen step is shown above the list.
              if (window.innerWidth < 1024) detail.current?.scrollIntoView({ block: "start" });
            }}
          />
        </nav>
        <div ref={detail} className="flex min-w-0 flex-1 scroll-mt-4 flex-col lg:min-h-208 lg:scroll-mt-20">
          <StepDetail
            step={step}
            number={at + 1}
            of={steps.length}
            tour={tour}
            note={step.name === "sign-in" ? noteFor(visitor, tour) : undefined}
            onRetry={() => void store.runNext()}
            onRestart={() => store.restart(tour.wantsNewPerson || isCapReached)}
            restartLabel={isCapReached ? "Start over as a new person" : "Start over"}
          />
        </div>
      </div>
      <p role="status" className="sr-only">
        {announce(steps, tour, progress.isComplete)}
      </p>
    </div>
  );
}
