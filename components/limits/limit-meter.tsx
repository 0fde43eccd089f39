import type { CapView } from "#core/schemas/cap.ts";
import { shareOf } from "../agents/share-of.ts";
import { Amount } from "../money/amount.tsx";
import { Meter } from "../ui/meter.tsx";
import { Time } from "../ui/time.tsx";
import { timeWord } from "./limit-words.ts";

/** How much of a limit is used, in figures and as a line. What is set aside counts as used until it is known. */
export function LimitMeter({ cap, label = "Used of the limit" }: { cap: CapView; label?: string }) {
  if (cap.kind === "transaction") return <span className="text-ink-3 text-xs">Looks at each by itself</span>;
  const used = (BigInt(cap.spent.units) + BigInt(cap.reserved.units)).toString();
  const share = cap.limit.units === "0" ? 1 : shareOf(used, cap.limit.units);
  const isFull = cap.left.units === "0";
  return (
    <div className="min-w-32 max-w-64">
      <Meter
        share={share}
        label={label}
        valueText={`${Math.round(share * 100)} % used`}
        tone={isFull ? "bg-bad" : "bg-ink"}
      />
      <p className="mt-1 text-ink-3 text-xs">
        {isFull ? (
          <span className="font-medium text-bad">Nothing left</span>
        ) : (
          <>
            <Amount units={cap.left.units} asset={cap.left.asset} /> left
          </>
        )}
        {cap.frees !== null && (
          <>
            , room returns <Time iso={cap.frees} />
          </>
        )}
      </p>
    </div>
  );
}

/** A limit in one line: how much in which time. */
export const LimitTerms = ({ cap }: { cap: CapView }) => (
  <span className="whitespace-nowrap">
    <Amount units={cap.limit.units} asset={cap.limit.asset} /> <span className="text-ink-3">{timeWord(cap)}</span>
  </span>
);
