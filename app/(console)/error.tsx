"use client";

import { PageFailure } from "#components/shell/page-failure.tsx";

export default function ConsoleErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return <PageFailure error={error} onRetry={reset} />;
}
