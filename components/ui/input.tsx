import { Input as BaseInput } from "@base-ui/react/input";
import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";

/** 16 px on touch screens, where smaller text makes a phone zoom into the field. */
export const inputClass =
  "w-full min-w-0 rounded-md border border-line-strong/60 bg-surface px-3 text-base pointer-coarse:text-lg text-ink placeholder:text-ink-3 transition-colors hover:border-line-strong focus-visible:border-focus focus-visible:outline-1 focus-visible:outline-offset-0 disabled:opacity-50 aria-invalid:border-bad data-invalid:border-bad";

export function Input({
  className,
  ...props
}: Omit<ComponentProps<typeof BaseInput>, "className"> & { className?: string }) {
  return <BaseInput className={cn(inputClass, "h-8 pointer-coarse:h-11", className)} {...props} />;
}

export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea className={cn(inputClass, "min-h-20 resize-y py-2", className)} {...props} />;
}
