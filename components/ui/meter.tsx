import { cn } from "./class-names.ts";

type MeterProps = { share: number; label: string; valueText: string; tone?: string; className?: string };

/** A share of a limit, 0 to 1. It only sets the width; the exact figures are in `valueText` and beside it. */
export function Meter({ share, label, valueText, tone = "bg-ink", className }: MeterProps) {
  const percent = Math.min(100, Math.max(0, share * 100));
  return (
    // biome-ignore lint/a11y/useSemanticElements: no browser lets a native meter be drawn as this line.
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={valueText}
      className={cn("h-1 w-full overflow-hidden rounded-full bg-sunken", className)}
    >
      <div className={cn("h-full rounded-full", tone)} style={{ width: `${percent}%` }} />
    </div>
  );
}
