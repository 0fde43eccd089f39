"use client";

import { useEffect } from "react";
import { Button } from "../ui/button.tsx";
import { ErrorState } from "../ui/error-state.tsx";

type Props = { error: Error & { digest?: string }; onRetry: () => void };

/** A page that broke while it was drawn. What it showed is gone; what it stood for is not. */
export default function PageFailure({ error, onRetry }: Props) {
  useEffect(() => console.error(error), [error]);
  return (
    <ErrorState
      title="This page could not be shown"
      requestId={error.digest}
      consequence="Drawing a page moves no money. If you had just pressed a button, look at your balance before you press it again."
      action={
        <>
          <Button variant="primary" onClick={onRetry}>
            Try again
          </Button>
          <Button onClick={() => window.location.assign("/balance")}>See the balance</Button>
        </>
      }
    >
      Something went wrong on our side while it was put together.
    </ErrorState>
  );
}
