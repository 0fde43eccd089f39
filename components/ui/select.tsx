"use client";

import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronsUpDown } from "lucide-react";
import { cn } from "./class-names.ts";
import { inputClass } from "./input.tsx";
import { itemClass, popupClass } from "./menu.tsx";

type Option = { value: string; label: string };
type SelectProps = {
  options: readonly Option[];
  value: string | null;
  onValueChange: (value: string) => void;
  label?: string;
  placeholder?: string;
  disabled?: boolean;
  className?: string;
};

export function Select({
  options,
  value,
  onValueChange,
  label,
  placeholder = "Choose",
  disabled,
  className,
}: SelectProps) {
  return (
    <Base.Root
      items={options}
      value={value}
      disabled={disabled === true}
      onValueChange={(next) => {
        if (next !== null) onValueChange(next);
      }}
    >
      <Base.Trigger
        aria-label={label}
        className={cn(
          inputClass,
          "flex h-8 items-center justify-between gap-2 text-left pointer-coarse:h-11",
          className,
        )}
      >
        <Base.Value placeholder={placeholder} className="truncate" />
        <Base.Icon className="text-ink-3">
          <ChevronsUpDown aria-hidden className="size-4" />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50 outline-none">
          <Base.Popup className={cn(popupClass, "max-h-72 min-w-(--anchor-width) overflow-y-auto")}>
            <Base.List>
              {options.map((option) => (
                <Base.Item key={option.value} value={option.value} className={itemClass}>
                  <Base.ItemText className="truncate">{option.label}</Base.ItemText>
                  <Base.ItemIndicator className="ml-auto">
                    <Check aria-hidden />
                  </Base.ItemIndicator>
                </Base.Item>
              ))}
            </Base.List>
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
