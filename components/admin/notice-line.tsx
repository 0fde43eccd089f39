import type { ReactNode } from "react";
import { StatusBadge, type StatusKind } from "../ui/badge.tsx";
import { cn } from "../ui/class-names.ts";

type Props = { kind: StatusKind; word: string; children: ReactNode };

/** A state of the whole platform in one line. Nothing is louder on its page when it is bad. */
export function NoticeLine({ kind, word, children }: Props) {
  const isBad = kind === "bad";
  return (
    <p
      role={isBad ? "alert" : undefined}
      className={cn(
        "flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md border px-4 py-3 text-sm",
        isBad ? "border-bad bg-bad-soft text-ink" : "border-line bg-surface text-ink-2",
      )}
    >
      <StatusBadge kind={kind}>{word}</StatusBadge>
      {children}
    </p>
  );
}
