"use client";

import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";
import { useControl } from "./field.tsx";

/** 16 px on touch screens, where smaller text makes a phone zoom into the field. */
export const inputClass =
  "w-full min-w-0 rounded-md border border-line-strong/60 bg-surface text-base pointer-coarse:text-lg text-ink placeholder:text-ink-3 transition-colors hover:border-line-strong focus-visible:border-focus focus-visible:outline-1 focus-visible:outline-offset-0 disabled:opacity-50 aria-invalid:border-bad";

type InputProps = ComponentProps<"input"> & {
  /** As high as the button beside it. */
  isLarge?: boolean;
  /** A sign that stands before what is typed. */
  sign?: string;
};

export function Input({ className, isLarge = false, sign, ...props }: InputProps) {
  const control = useControl();
  const input = (
    <input
      {...control}
      className={cn(
        inputClass,
        "pointer-coarse:h-11",
        isLarge ? "h-10" : "h-8",
        sign === undefined ? "px-3" : "pr-3 pl-7",
        className,
      )}
      {...props}
    />
  );
  if (sign === undefined) return input;
  return (
    <div className="relative">
      <span aria-hidden className="pointer-events-none absolute inset-y-0 left-3 flex items-center text-ink-3">
        {sign}
      </span>
      {input}
    </div>
  );
}
