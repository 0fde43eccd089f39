import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

export type Definition = { term: string; value: ReactNode };

export function DefinitionList({ items, className }: { items: readonly Definition[]; className?: string }) {
  return (
    <dl className={cn("divide-y divide-line text-sm", className)}>
      {items.map((item) => (
        <div key={item.term} className="flex min-h-10 flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2">
          <dt className="text-ink-3">{item.term}</dt>
          <dd className="min-w-0 text-right">{item.value}</dd>
        </div>
      ))}
    </dl>
  );
}
