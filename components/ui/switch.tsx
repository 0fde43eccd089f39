"use client";

import { Switch as Base } from "@base-ui/react/switch";

type SwitchProps = { checked: boolean; onCheckedChange: (checked: boolean) => void; label: string; disabled?: boolean };

export function Switch({ checked, onCheckedChange, label, disabled }: SwitchProps) {
  return (
    <Base.Root
      checked={checked}
      disabled={disabled === true}
      onCheckedChange={(next) => onCheckedChange(next)}
      aria-label={label}
      className="relative inline-flex h-5 w-9 shrink-0 rounded-full border border-line-strong bg-sunken transition-colors after:absolute after:-inset-3 data-checked:border-action data-checked:bg-action data-disabled:opacity-50"
    >
      <Base.Thumb className="m-px size-4 rounded-full bg-ink-2 transition-transform data-checked:translate-x-4 data-checked:bg-on-action" />
    </Base.Root>
  );
}
