"use client";

import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";
import { useControl } from "./field.tsx";
import { inputClass } from "./input.tsx";

/** Several lines of text. */
export function TextArea({ className, ...props }: ComponentProps<"textarea">) {
  const control = useControl();
  return <textarea {...control} className={cn(inputClass, "px-3 py-2", className)} {...props} />;
}
