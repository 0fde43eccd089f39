import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

type EmptyStateProps = {
  title: string;
  children: ReactNode;
  action?: ReactNode;
  example?: ReactNode;
  className?: string;
};

/** Empty is a beginning: what will be here, one action, a short example. */
export function EmptyState({ title, children, action, example, className }: EmptyStateProps) {
  return (
    <div className={cn("flex flex-col items-start gap-3 px-4 py-6", className)}>
      <div className="max-w-prose">
        <p className="font-medium text-base">{title}</p>
        <p className="mt-1 text-ink-2 text-sm">{children}</p>
      </div>
      {example !== undefined && (
        <pre className="scroll-thin w-full max-w-xl overflow-x-auto rounded-md border border-line bg-canvas p-3 font-mono text-ink-2 text-xs">
          {example}
        </pre>
      )}
      {action}
    </div>
  );
}
