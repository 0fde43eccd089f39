"use client";

import "./globals.css";

/** What is left when even the frame broke, or when a page's own failure could not be fetched: it needs nothing. */
export default function GlobalErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <main className="mx-auto flex min-h-dvh max-w-lg flex-col items-start justify-center gap-3 px-4">
          <h1 className="font-semibold text-xl">This page could not be shown</h1>
          <p className="text-base text-ink-2">
            Drawing a page moves no money. If you had just pressed a button, look at your balance before you press it
            again.
          </p>
          {error.digest !== undefined && <p className="font-mono text-ink-3 text-xs">{error.digest}</p>}
          <button
            type="button"
            onClick={reset}
            className="h-10 rounded-md bg-action px-4 font-medium text-base text-on-action hover:bg-action-hover"
          >
            Try again
          </button>
        </main>
      </body>
    </html>
  );
}
