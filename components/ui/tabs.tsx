"use client";

import { createContext, type KeyboardEvent, type ReactNode, use, useId } from "react";

type Tab = { value: string; label: ReactNode };
type TabsProps = {
  tabs: readonly Tab[];
  value: string;
  onValueChange: (value: string) => void;
  label: string;
  children: ReactNode;
};

const TabsContext = createContext({ id: "", selected: "" });

/** Where the arrow keys, Home and End lead to from tab `at` of `count`; null for any other key. */
function targetOf(key: string, at: number, count: number): number | null {
  if (key === "ArrowRight") return (at + 1) % count;
  if (key === "ArrowLeft") return (at - 1 + count) % count;
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="tab"]')];
  const target = targetOf(event.key, tabs.indexOf(event.target as HTMLElement), tabs.length);
  if (target === null) return;
  event.preventDefault();
  tabs[target]?.focus();
}

/** Tabs whose state lives outside, as a rule in the address of the page. Arrows look around, Enter chooses. */
export function Tabs({ tabs, value, onValueChange, label, children }: TabsProps) {
  const id = useId();
  return (
    <TabsContext value={{ id, selected: value }}>
      <div
        role="tablist"
        aria-label={label}
        onKeyDown={moveFocus}
        className="scroll-thin relative flex gap-4 overflow-x-auto border-line border-b"
      >
        {tabs.map((tab) => (
          <button
            key={tab.value}
            type="button"
            role="tab"
            id={`${id}-tab-${tab.value}`}
            aria-controls={`${id}-panel-${tab.value}`}
            aria-selected={tab.value === value}
            tabIndex={tab.value === value ? 0 : -1}
            onClick={() => onValueChange(tab.value)}
            className="-mb-px h-9 shrink-0 border-transparent border-b-2 font-medium text-ink-3 text-sm hover:text-ink focus-visible:outline-offset-[-2px] aria-selected:border-ink aria-selected:text-ink pointer-coarse:h-11"
          >
            {tab.label}
          </button>
        ))}
      </div>
      {children}
    </TabsContext>
  );
}

export function TabPanel({ value, children }: { value: string; children: ReactNode }) {
  const { id, selected } = use(TabsContext);
  if (value !== selected) return null;
  return (
    <div
      role="tabpanel"
      id={`${id}-panel-${value}`}
      aria-labelledby={`${id}-tab-${value}`}
      className="pt-4 outline-offset-4"
    >
      {children}
    </div>
  );
}
