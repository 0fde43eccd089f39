"use client";

import { Check } from "lucide-react";
import { type ReactNode, useId } from "react";

type CheckboxRowProps = {
  label: ReactNode;
  detail?: ReactNode;
  checked: boolean;
  onCheckedChange: (checked: boolean) => void;
};

export function CheckboxRow({ label, detail, checked, onCheckedChange }: CheckboxRowProps) {
  const labelId = useId();
  return (
    <label className="flex min-h-8 cursor-pointer items-center gap-2.5 text-sm pointer-coarse:min-h-11">
      <span className="relative flex shrink-0">
        <input
          type="checkbox"
          checked={checked}
          aria-labelledby={labelId}
          onChange={(event) => onCheckedChange(event.target.checked)}
          className="peer size-4 cursor-pointer appearance-none rounded-sm border border-line-strong bg-surface checked:border-action checked:bg-action"
        />
        <Check
          aria-hidden
          strokeWidth={3}
          className="pointer-events-none absolute inset-0 m-auto hidden size-3 text-on-action peer-checked:block"
        />
      </span>
      <span id={labelId} className="min-w-0 flex-1">
        {label}
      </span>
      {detail !== undefined && <span className="font-mono text-ink-3 text-xs">{detail}</span>}
    </label>
  );
}
