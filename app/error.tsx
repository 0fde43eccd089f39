"use client";

import { lazy, Suspense } from "react";

/** Hardly anybody needs it, so that nobody carries it around. */
const PageFailure = lazy(() => import("#components/shell/page-failure.tsx"));

export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main className="mx-auto flex min-h-dvh max-w-2xl items-center">
      <Suspense fallback={null}>
        <PageFailure error={error} onRetry={reset} />
      </Suspense>
    </main>
  );
}
