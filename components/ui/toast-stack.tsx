"use client";

import { CircleAlert, CircleCheck, LoaderCircle } from "lucide-react";
import { Toaster as Sonner } from "sonner";

export default function ToastStack() {
  return (
    <Sonner
      position="bottom-right"
      visibleToasts={3}
      icons={{
        success: <CircleCheck className="size-4 text-ok" />,
        error: <CircleAlert className="size-4 text-bad" />,
        loading: <LoaderCircle className="size-4 animate-spin" />,
      }}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast: "flex w-full items-start gap-2 rounded-md bg-surface p-3 text-sm text-ink shadow-overlay font-sans",
          icon: "mt-0.5",
          title: "font-medium",
          description: "text-ink-2",
          actionButton: "ml-auto shrink-0 rounded-sm px-2 font-medium underline underline-offset-4",
        },
      }}
    />
  );
}
