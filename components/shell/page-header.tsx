import type { ReactNode } from "react";
import { cn } from "../ui/class-names.ts";
import { Skeleton } from "../ui/skeleton.tsx";

type PageHeaderProps = {
  title: ReactNode;
  description?: ReactNode;
  mark?: string;
  action?: ReactNode;
  className?: string;
};

export function PageHeader({ title, description, mark, action, className }: PageHeaderProps) {
  return (
    <header className={cn("mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3", className)}>
      <div className="min-w-0">
        <h1 className="flex items-center gap-3 font-semibold text-xl tracking-tight">
          {mark !== undefined && <span aria-hidden className={cn("h-5 w-1 shrink-0 rounded-full", mark)} />}
          {title}
        </h1>
        {description !== undefined && <p className="mt-1 max-w-prose text-ink-2 text-sm">{description}</p>}
      </div>
      {action !== undefined && <div className="flex flex-wrap items-center gap-2">{action}</div>}
    </header>
  );
}

/** Stands where a title will be, with a word for those who only hear the page. */
export function PendingTitle() {
  return (
    <>
      <span className="sr-only">Loading</span>
      <Skeleton className="h-6 w-48" />
    </>
  );
}
