import { Amount } from "../money/amount.tsx";
import type { FeedSnapshot } from "./feed-session.ts";

/** What is yours and what is still being counted: two numbers, so that neither ever moves without a reason. */
export function FeedCounter({ snapshot }: { snapshot: FeedSnapshot }) {
  const { cleared, pending } = snapshot;
  return (
    <div className="min-w-0">
      <p className="eyebrow">Yours</p>
      <p className="font-semibold text-2xl tracking-tight" aria-live="off">
        <Amount units={cleared + pending} />
      </p>
      <p className="flex h-4 items-center gap-1.5 text-ink-3 text-xs">
        <span
          aria-hidden
          className={`size-1.5 rounded-full transition-colors ${pending > 0n ? "bg-rewards" : "bg-line-strong"}`}
        />
        {pending > 0n ? (
          <span>
            <Amount units={pending} isSigned /> being counted
          </span>
        ) : (
          <span>All counted</span>
        )}
      </p>
    </div>
  );
}
