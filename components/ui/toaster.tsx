"use client";

import { lazy, Suspense, useSyncExternalStore } from "react";
import { toastDemand } from "./toast.ts";

const ToastStack = lazy(() => import("./toast-stack.tsx"));

/** The place of toasts: empty, and without weight, until there is one. */
export function Toaster() {
  const isWanted = useSyncExternalStore(toastDemand.subscribe, toastDemand.isWanted, () => false);
  if (!isWanted) return null;
  return (
    <Suspense fallback={null}>
      <ToastStack />
    </Suspense>
  );
}
