"use client";

import { lazy, Suspense } from "react";

const PageFailure = lazy(() => import("#components/shell/page-failure.tsx"));

export default function ConsoleErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <Suspense fallback={null}>
      <PageFailure error={error} onRetry={reset} />
    </Suspense>
  );
}
