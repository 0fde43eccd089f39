"use client";

import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { cn } from "./class-names.ts";
import type { Popup } from "./opener.tsx";

const popupClass =
  "z-50 min-w-44 rounded-md bg-surface p-1 text-sm shadow-overlay outline-none transition-opacity duration-100 data-ending-style:opacity-0 data-starting-style:opacity-0";
const itemClass =
  "flex h-8 cursor-default select-none items-center gap-2 rounded-sm px-2 text-ink outline-none data-highlighted:bg-sunken data-disabled:opacity-50 pointer-coarse:h-11 [&_svg]:size-4 [&_svg]:text-ink-3";

type MenuProps = Popup & {
  children: ReactNode;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom" | "left" | "right";
};

export function Menu({ open, onOpenChange, anchor, children, align = "end", side = "bottom" }: MenuProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => onOpenChange(next)}>
      <Base.Portal>
        <Base.Positioner anchor={anchor} align={align} side={side} sideOffset={4} className="z-50 outline-none">
          <Base.Popup finalFocus={anchor} className={popupClass}>
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

type ItemProps = Omit<ComponentProps<typeof Base.Item>, "className"> & { className?: string };

export function MenuItem({ className, ...props }: ItemProps) {
  return <Base.Item className={cn(itemClass, className)} {...props} />;
}

type LinkItemProps = Omit<ComponentProps<typeof Base.LinkItem>, "className"> & { className?: string };

export function MenuLinkItem({ className, ...props }: LinkItemProps) {
  return <Base.LinkItem closeOnClick className={cn(itemClass, className)} {...props} />;
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Base.GroupLabel className="px-2 py-1.5 text-ink-3 text-xs">{children}</Base.GroupLabel>;
}

export function MenuRadioItem({ value, children }: { value: string; children: ReactNode }) {
  return (
    <Base.RadioItem value={value} closeOnClick className={itemClass}>
      {children}
      <Base.RadioItemIndicator className="ml-auto">
        <Check aria-hidden />
      </Base.RadioItemIndicator>
    </Base.RadioItem>
  );
}

export function MenuSeparator() {
  return <Base.Separator className="-mx-1 my-1 h-px bg-line" />;
}

export const MenuGroup = Base.Group;
export const MenuRadioGroup = Base.RadioGroup;
