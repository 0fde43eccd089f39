import type { ReactNode } from "react";
import { cn } from "./class-names.ts";
import { Skeleton } from "./skeleton.tsx";

type StatProps = { label: string; value: ReactNode | undefined; detail?: ReactNode; mark?: string };

/** One figure with its name. `undefined` holds its place while it loads. */
export function Stat({ label, value, detail, mark }: StatProps) {
  return (
    <div className="min-w-0 bg-surface p-4">
      <p className="eyebrow flex items-center gap-1.5">
        {mark !== undefined && <span aria-hidden className={cn("h-3 w-0.5 rounded-full", mark)} />}
        {label}
      </p>
      <div className="tabular mt-1 min-h-7 font-medium text-lg sm:text-xl">
        {value === undefined ? <Skeleton className="mt-1 h-5 w-24" /> : value}
      </div>
      {detail !== undefined && <div className="mt-0.5 min-h-5 text-ink-3 text-sm">{detail}</div>}
    </div>
  );
}

const COLUMNS = {
  3: "sm:grid-cols-3 *:first:col-span-2 sm:*:first:col-span-1",
  4: "lg:grid-cols-4",
} as const;

/** Figures side by side, parted by hairlines; on a phone two in a row, and of three the first has a row of its own. */
export function StatGroup({ children, columns = 4 }: { children: ReactNode; columns?: 3 | 4 }) {
  return (
    <div
      className={cn("grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line", COLUMNS[columns])}
    >
      {children}
    </div>
  );
}
