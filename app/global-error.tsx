"use client";

import { PageFailure } from "#components/shell/page-failure.tsx";
import "./globals.css";

export default function GlobalErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <main className="mx-auto flex min-h-dvh max-w-2xl items-center">
          <PageFailure error={error} onRetry={reset} />
        </main>
      </body>
    </html>
  );
}
