"use client";

import { Drawer as Base } from "@base-ui/react/drawer";
import type { ReactNode } from "react";
import { cn } from "./class-names.ts";
import type { Popup } from "./opener.tsx";
import { PopupHeader } from "./popup-header.tsx";

type DrawerProps = Popup & { title: ReactNode; children: ReactNode; side?: "right" | "left" };

const SIDES = {
  right: {
    viewport: "justify-end",
    popup: "max-w-[min(480px,100vw)] border-l data-ending-style:translate-x-full data-starting-style:translate-x-full",
  },
  left: {
    viewport: "justify-start",
    popup: "max-w-[288px] border-r data-ending-style:-translate-x-full data-starting-style:-translate-x-full",
  },
} as const;

/** A panel from the side; on a phone it fills the width and closes with a swipe. */
export default function Drawer({ open, onOpenChange, anchor, title, children, side = "right" }: DrawerProps) {
  return (
    <Base.Root swipeDirection={side} open={open} onOpenChange={(next) => onOpenChange(next)}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-overlay opacity-[calc(1-var(--drawer-swipe-progress,0))] transition-opacity duration-200 data-ending-style:opacity-0 data-starting-style:opacity-0 data-swiping:duration-0" />
        <Base.Viewport className={cn("fixed inset-0 z-50 flex items-stretch", SIDES[side].viewport)}>
          <Base.Popup
            finalFocus={anchor}
            className={cn(
              "flex h-full w-full flex-col border-line bg-surface shadow-overlay outline-none [transform:translateX(var(--drawer-swipe-movement-x,0px))] transition-[transform,translate] duration-200 ease-out data-swiping:select-none data-swiping:duration-0",
              SIDES[side].popup,
            )}
          >
            <Base.Content className="flex min-h-0 flex-1 flex-col">
              <PopupHeader title={title} />
              <div className="scroll-thin min-h-0 flex-1 overflow-y-auto overscroll-contain">{children}</div>
            </Base.Content>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
