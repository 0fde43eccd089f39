"use client";

import { type ComponentProps, lazy, type ReactNode } from "react";
import { ErrorState } from "../ui/error-state.tsx";
import { Opener } from "../ui/opener.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ReceiptTrigger } from "./receipt-drawer.tsx";

const Drawer = lazy(() => import("../ui/drawer.tsx"));

type Props = {
  title: string;
  label: string;
  trigger?: ComponentProps<typeof Opener>["trigger"];
  children: (isOpen: boolean) => ReactNode;
};

/** A receipt that is read only when somebody opens it. */
export function LazyReceiptDrawer({ title, label, trigger, children }: Props) {
  return (
    <Opener trigger={trigger ?? <ReceiptTrigger label={label} />}>
      {(popup) => (
        <Drawer {...popup} title={`${title} receipt`}>
          {children(popup.open)}
        </Drawer>
      )}
    </Opener>
  );
}

export function ReceiptSkeleton() {
  return (
    <div aria-busy="true" className="flex flex-col gap-6 px-4 py-5">
      <Skeleton className="h-8 w-32" />
      {["a", "b", "c", "d"].map((key) => (
        <div key={key} className="flex gap-3">
          <Skeleton className="size-7 rounded-full" />
          <div className="flex flex-1 flex-col gap-2">
            <Skeleton className="h-3 w-20" />
            <Skeleton className="w-3/4" />
            <Skeleton className="h-7 w-full" />
          </div>
        </div>
      ))}
    </div>
  );
}

export function ReceiptUnavailable({
  message,
  requestId,
  onRetry,
}: {
  message: string;
  requestId: string | undefined;
  onRetry: () => void;
}) {
  return (
    <ErrorState
      title="The receipt could not be read"
      requestId={requestId}
      onRetry={onRetry}
      consequence="What it is a receipt of stands; only the look at it failed."
    >
      {message}
    </ErrorState>
  );
}
