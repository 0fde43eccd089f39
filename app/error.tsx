"use client";

import { PageFailure } from "#components/shell/page-failure.tsx";

export default function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main className="mx-auto flex min-h-dvh max-w-2xl items-center">
      <PageFailure error={error} onRetry={reset} />
    </main>
  );
}
