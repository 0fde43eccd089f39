"use client";

import { CircleAlert } from "lucide-react";
import { type ComponentProps, createContext, type ReactNode, use, useId } from "react";
import { cn } from "./class-names.ts";

type FieldProps = {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  children: ReactNode;
  className?: string;
};

const ControlContext = createContext<Pick<ComponentProps<"input">, "id" | "aria-describedby" | "aria-invalid">>({});

/** What ties a control to the field around it. */
export const useControl = () => use(ControlContext);

/** Label, control, hint and error, tied together for assistive technology. */
export function Field({ label, hint, error, children, className }: FieldProps) {
  const id = useId();
  const noteId = `${id}-note`;
  const hasError = error !== undefined;
  const hasNote = hasError || hint !== undefined;
  const control = { id, "aria-describedby": hasNote ? noteId : undefined, "aria-invalid": hasError || undefined };
  return (
    <div className={cn("flex min-w-0 flex-col gap-1.5", className)}>
      <label htmlFor={id} className="font-medium text-sm">
        {label}
      </label>
      <ControlContext value={control}>{children}</ControlContext>
      {hasNote && (
        <p id={noteId} className={cn("text-xs", hasError ? "flex items-center gap-1 text-bad" : "text-ink-3")}>
          {hasError && <CircleAlert aria-hidden className="size-3 shrink-0" />}
          {error ?? hint}
        </p>
      )}
    </div>
  );
}
