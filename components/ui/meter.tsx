import { Meter as Base } from "@base-ui/react/meter";
import { cn } from "./class-names.ts";

type MeterProps = { share: number; label: string; valueText: string; tone?: string; className?: string };

/** A share of a limit, 0 to 1. It only sets the width; the exact figures are in `valueText` and beside it. */
export function Meter({ share, label, valueText, tone = "bg-ink", className }: MeterProps) {
  return (
    <Base.Root value={Math.min(100, Math.max(0, share * 100))} aria-label={label} getAriaValueText={() => valueText}>
      <Base.Track className={cn("h-1 w-full overflow-hidden rounded-full bg-sunken", className)}>
        <Base.Indicator className={cn("h-full rounded-full", tone)} />
      </Base.Track>
    </Base.Root>
  );
}
