import { Field as BaseField } from "@base-ui/react/field";
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "./class-names.ts";

type FieldProps = {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  children: ReactNode;
  className?: string;
};

/** Label, control, hint and error, tied together for assistive technology. */
export function Field({ label, hint, error, children, className }: FieldProps) {
  return (
    <BaseField.Root invalid={error !== undefined} className={cn("flex min-w-0 flex-col gap-1.5", className)}>
      <BaseField.Label className="font-medium text-sm">{label}</BaseField.Label>
      {children}
      {hint !== undefined && error === undefined && (
        <BaseField.Description className="text-ink-3 text-xs">{hint}</BaseField.Description>
      )}
      {error !== undefined && (
        <BaseField.Error match className="flex items-center gap-1 text-bad text-xs">
          <CircleAlert aria-hidden className="size-3 shrink-0" />
          {error}
        </BaseField.Error>
      )}
    </BaseField.Root>
  );
}
