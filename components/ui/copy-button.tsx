"use client";

import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { buttonClass } from "./button-class.ts";

/** With a text it looks like a button, without one it stays beside what it copies. */
type CopyButtonProps = { value: string; label: string; children?: string };

const BESIDE =
  "inline-flex h-6 min-w-6 shrink-0 items-center justify-center rounded-sm text-ink-3 transition-colors hover:bg-sunken hover:text-ink [&_svg]:size-3.5";

/** Copies `value`; says so for two seconds, to the eye and to assistive technology. */
export function CopyButton({ value, label, children }: CopyButtonProps) {
  const [isCopied, setIsCopied] = useState(false);

  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [isCopied]);

  return (
    <button
      type="button"
      aria-label={isCopied ? `${label}: copied` : label}
      onClick={() => {
        navigator.clipboard.writeText(value).then(
          () => setIsCopied(true),
          () => setIsCopied(false),
        );
      }}
      className={children === undefined ? BESIDE : buttonClass({ size: "sm" })}
    >
      {isCopied ? <Check aria-hidden className="text-ok" /> : <Copy aria-hidden />}
      {children && <span>{isCopied ? "Copied" : children}</span>}
      <span role="status" className="sr-only">
        {isCopied ? "Copied" : ""}
      </span>
    </button>
  );
}
