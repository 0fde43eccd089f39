import { Card } from "./card.tsx";
import { cn } from "./class-names.ts";
import { Skeleton } from "./skeleton.tsx";

/** Holds the place of a card with a title and `rows` lines below it. */
export function CardSkeleton({ rows, className }: { rows: number; className?: string }) {
  return (
    <Card aria-busy="true" className={cn("overflow-hidden", className)}>
      <div className="border-line border-b px-4 py-3">
        <Skeleton className="my-0.5 w-32" />
      </div>
      <div className="divide-y divide-line px-4">
        {Array.from({ length: rows }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity.
          <div key={index} className="flex h-10 items-center justify-between">
            <Skeleton className="w-24" />
            <Skeleton className="w-36" />
          </div>
        ))}
      </div>
    </Card>
  );
}
