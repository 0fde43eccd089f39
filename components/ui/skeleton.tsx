import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";

/** Holds the place of something that is on its way. It appears late, so that fast answers never flash. */
export function Skeleton({ className, ...props }: ComponentProps<"span">) {
  return (
    <span
      aria-hidden
      data-skeleton=""
      className={cn("skeleton fade-in animate-in animate-pulse fill-mode-backwards [animation-delay:200ms]", className)}
      {...props}
    />
  );
}
