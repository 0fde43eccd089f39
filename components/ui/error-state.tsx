"use client";

import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { cn } from "./class-names.ts";
import { CopyButton } from "./copy-button.tsx";

type ErrorStateProps = {
  title: string;
  /** What happened, in one sentence. */
  children: ReactNode;
  /** What it means for the money, and what to do. */
  consequence?: ReactNode;
  requestId?: string | undefined;
  onRetry?: (() => void) | undefined;
  action?: ReactNode;
  className?: string;
};

export function ErrorState({ title, children, consequence, requestId, onRetry, action, className }: ErrorStateProps) {
  return (
    <div role="alert" className={cn("flex gap-3 px-4 py-6", className)}>
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 max-w-prose">
        <p className="font-medium text-base">{title}</p>
        <p className="mt-1 text-ink-2 text-sm">{children}</p>
        {consequence !== undefined && <p className="mt-1 text-ink-2 text-sm">{consequence}</p>}
        {requestId !== undefined && (
          <p className="mt-2 flex items-center gap-1 text-ink-3 text-xs">
            Request <code className="font-mono">{requestId}</code>
            <CopyButton value={requestId} label="Copy request id" />
          </p>
        )}
        {(onRetry || action) && (
          <div className="mt-3 flex gap-2">
            {onRetry && <Button onClick={onRetry}>Try again</Button>}
            {action}
          </div>
        )}
      </div>
    </div>
  );
}
