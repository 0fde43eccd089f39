"use client";

import { ChevronsUpDown } from "lucide-react";
import { cn } from "./class-names.ts";
import { useControl } from "./field.tsx";
import { inputClass } from "./input.tsx";

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

/** One of a few. The browser's own control: a phone shows its wheel, a screen reader knows it, and it weighs nothing. */
export function Select(props: SelectProps) {
  const { options, value, onValueChange, label, placeholder = "Choose", disabled = false, className } = props;
  const control = useControl();
  return (
    <span className={cn("relative block min-w-0", className)}>
      <select
        {...control}
        aria-label={label}
        value={value ?? ""}
        disabled={disabled}
        onChange={(event) => onValueChange(event.target.value)}
        className={cn(inputClass, "h-8 cursor-pointer appearance-none truncate pr-8 pl-3 pointer-coarse:h-11")}
      >
        {value === null && (
          <option value="" disabled>
            {placeholder}
          </option>
        )}
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <ChevronsUpDown
        aria-hidden
        className="pointer-events-none absolute inset-y-0 right-2.5 my-auto size-4 text-ink-3"
      />
    </span>
  );
}
