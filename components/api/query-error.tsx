"use client";

import { ErrorState } from "../ui/error-state.tsx";
import { readApiError } from "./read-api-error.ts";

type QueryErrorProps = { error: unknown; what: string; onRetry?: () => void; className?: string };

/** Why something could not be shown. Reading never moves money, and the person is told so. */
export function QueryError({ error, what, onRetry, className }: QueryErrorProps) {
  const { message, requestId } = readApiError(error);
  return (
    <ErrorState
      title={`${what} could not be loaded`}
      requestId={requestId}
      onRetry={onRetry}
      consequence="This was only a look: no money moved."
      {...(className ? { className } : {})}
    >
      {message}
    </ErrorState>
  );
}
