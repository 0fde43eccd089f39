import { cn } from "./class-names.ts";
import { CopyButton } from "./copy-button.tsx";

/** `0x1234…cdef` for hashes and addresses, `agt_…7k2f9q` for ids: the ends are what people compare. */
export function shorten(value: string, head = 6, tail = 4): string {
  return value.length <= head + tail + 1 ? value : `${value.slice(0, head)}…${value.slice(-tail)}`;
}

type IdentifierProps = {
  value: string;
  label: string;
  isFull?: boolean;
  head?: number;
  tail?: number;
  className?: string;
};

/** An exact identifier, shortened for the eye, whole for the clipboard and on hover. */
export function Identifier({ value, label, isFull = false, head, tail, className }: IdentifierProps) {
  return (
    <span className={cn("inline-flex max-w-full items-center gap-0.5 font-mono text-sm", className)}>
      <span title={value} className={isFull ? "break-all" : "truncate"}>
        {isFull ? value : shorten(value, head, tail)}
      </span>
      <CopyButton value={value} label={`Copy ${label}`} />
    </span>
  );
}
