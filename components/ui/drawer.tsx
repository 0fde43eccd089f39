"use client";

import { Drawer as Base } from "@base-ui/react/drawer";
import { X } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { buttonClass } from "./button-class.ts";
import { cn } from "./class-names.ts";

type DrawerProps = {
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  trigger?: ReactElement;
  title: ReactNode;
  description?: ReactNode;
  header?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
  side?: "right" | "left";
};

const SIDES = {
  right: {
    viewport: "justify-end",
    popup: "border-l data-ending-style:translate-x-full data-starting-style:translate-x-full",
  },
  left: {
    viewport: "justify-start",
    popup: "border-r data-ending-style:-translate-x-full data-starting-style:-translate-x-full",
  },
} as const;

/** A panel from the side; on a phone it fills the width and closes with a swipe. */
export function Drawer(props: DrawerProps) {
  const { open, onOpenChange, trigger, title, description, header, children, footer, side = "right" } = props;
  return (
    <Base.Root
      swipeDirection={side}
      {...(open === undefined ? {} : { open })}
      {...(onOpenChange ? { onOpenChange: (next: boolean) => onOpenChange(next) } : {})}
    >
      {trigger && <Base.Trigger render={trigger} />}
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-overlay opacity-[calc(1-var(--drawer-swipe-progress,0))] transition-opacity duration-200 data-ending-style:opacity-0 data-starting-style:opacity-0 data-swiping:duration-0" />
        <Base.Viewport className={cn("fixed inset-0 z-50 flex items-stretch", SIDES[side].viewport)}>
          <Base.Popup
            className={cn(
              "flex h-full w-full max-w-[min(480px,100vw)] flex-col border-line bg-surface shadow-overlay outline-none [transform:translateX(var(--drawer-swipe-movement-x,0px))] transition-[transform,translate] duration-200 ease-out data-swiping:select-none data-swiping:duration-0",
              side === "left" && "max-w-[288px]",
              SIDES[side].popup,
            )}
          >
            <Base.Content className="flex min-h-0 flex-1 flex-col">
              <div className="flex items-start justify-between gap-4 px-4 pt-3 pb-3">
                <div className="min-w-0">
                  <Base.Title className="font-medium text-lg">{title}</Base.Title>
                  {description !== undefined && (
                    <Base.Description className="mt-0.5 text-ink-3 text-sm">{description}</Base.Description>
                  )}
                </div>
                <Base.Close
                  aria-label="Close"
                  className={cn(buttonClass({ variant: "ghost", size: "icon" }), "-mt-1 -mr-2")}
                >
                  <X aria-hidden />
                </Base.Close>
              </div>
              {header}
              <div className="scroll-thin min-h-0 flex-1 overflow-y-auto overscroll-contain">{children}</div>
              {footer !== undefined && (
                <div className="border-line border-t px-4 py-3 pb-[max(12px,env(safe-area-inset-bottom))]">
                  {footer}
                </div>
              )}
            </Base.Content>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  );
}
