import { CircleAlert, CircleCheck, CircleDashed, CirclePause, CircleX, LoaderCircle } from "lucide-react";
import type { ComponentProps } from "react";
import { cn } from "./class-names.ts";

const TONES = {
  neutral: "bg-sunken text-ink-2",
  outline: "border border-line text-ink-2",
  ok: "bg-ok-soft text-ok",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
} as const;

type BadgeProps = ComponentProps<"span"> & { tone?: keyof typeof TONES };

export function Badge({ className, tone = "neutral", ...props }: BadgeProps) {
  return (
    <span
      className={cn(
        "inline-flex h-5 items-center gap-1 whitespace-nowrap rounded-sm px-1.5 font-medium text-xs [&_svg]:size-3",
        TONES[tone],
        className,
      )}
      {...props}
    />
  );
}

const STATUS_ICONS = {
  ok: CircleCheck,
  bad: CircleX,
  warn: CircleAlert,
  paused: CirclePause,
  idle: CircleDashed,
  busy: LoaderCircle,
} as const;

export type StatusKind = keyof typeof STATUS_ICONS;

const STATUS_TONES = {
  ok: "ok",
  bad: "bad",
  warn: "warn",
  paused: "warn",
  idle: "neutral",
  busy: "neutral",
} as const satisfies Record<StatusKind, keyof typeof TONES>;

/** A state as icon, word and colour together, so that none of them carries it alone. */
export function StatusBadge({ kind, children, className }: { kind: StatusKind; children: string; className?: string }) {
  const Icon = STATUS_ICONS[kind];
  return (
    <Badge tone={STATUS_TONES[kind]} className={className}>
      <Icon aria-hidden />
      {children}
    </Badge>
  );
}

/** What each status of one kind of thing looks like and is called: the compiler sees that none is forgotten. */
export type StatusWords<Status extends string> = Record<Status, readonly [StatusKind, string]>;

type StatusWordProps<Status extends string> = { words: StatusWords<Status>; status: Status };

export function StatusWord<Status extends string>({ words, status }: StatusWordProps<Status>) {
  const [kind, word] = words[status];
  return <StatusBadge kind={kind}>{word}</StatusBadge>;
}
