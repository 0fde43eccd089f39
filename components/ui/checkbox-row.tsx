"use client";

import { Checkbox } from "@base-ui/react/checkbox";
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
    // biome-ignore lint/a11y/noLabelWithoutControl: the checkbox inside renders a hidden input of its own.
    <label className="flex min-h-8 cursor-pointer items-center gap-2.5 text-sm pointer-coarse:min-h-11">
      <Checkbox.Root
        checked={checked}
        aria-labelledby={labelId}
        onCheckedChange={(next) => onCheckedChange(next)}
        className="flex size-4 shrink-0 items-center justify-center rounded-sm border border-line-strong bg-surface data-checked:border-action data-checked:bg-action"
      >
        <Checkbox.Indicator className="text-on-action">
          <Check aria-hidden className="size-3" strokeWidth={3} />
        </Checkbox.Indicator>
      </Checkbox.Root>
      <span id={labelId} className="min-w-0 flex-1">
        {label}
      </span>
      {detail !== undefined && <span className="font-mono text-ink-3 text-xs">{detail}</span>}
    </label>
  );
}
