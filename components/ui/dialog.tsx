"use client";

import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { cn } from "./class-names.ts";
import type { Popup } from "./opener.tsx";
import { PopupFooter, PopupHeader } from "./popup-header.tsx";

type DialogProps = Popup & {
  title: ReactNode;
  description?: ReactNode;
  children?: ReactNode;
  footer?: ReactNode;
  /** For a question rather than a form. */
  isNarrow?: boolean;
  /** It is gone from the screen, its motion included. */
  onClosed?: () => void;
};

export const backdropClass =
  "fixed inset-0 z-40 bg-overlay transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0";

export function Dialog({ open, onOpenChange, onClosed, anchor, title, description, ...content }: DialogProps) {
  const { children, footer, isNarrow = false } = content;
  return (
    <Base.Root
      open={open}
      onOpenChange={(next) => onOpenChange(next)}
      onOpenChangeComplete={(isOpen) => {
        if (!isOpen) onClosed?.();
      }}
    >
      <Base.Portal>
        <Base.Backdrop className={backdropClass} />
        <Base.Popup
          finalFocus={anchor}
          className={cn(
            "fixed inset-x-0 bottom-0 z-50 flex max-h-[92dvh] flex-col rounded-t-md bg-surface shadow-overlay outline-none transition-[opacity,transform] duration-150 data-ending-style:translate-y-2 data-starting-style:translate-y-2 data-ending-style:opacity-0 data-starting-style:opacity-0",
            "sm:inset-x-auto sm:top-1/2 sm:bottom-auto sm:left-1/2 sm:w-[calc(100vw-32px)] sm:-translate-x-1/2 sm:-translate-y-1/2 sm:rounded-md sm:data-ending-style:-translate-y-[calc(50%-8px)] sm:data-starting-style:-translate-y-[calc(50%-8px)]",
            isNarrow ? "sm:max-w-md" : "sm:max-w-lg",
          )}
        >
          <PopupHeader title={title} description={description} className="border-line border-b" />
          <div className="scroll-thin min-h-0 flex-1 overflow-y-auto p-4">{children}</div>
          {footer !== undefined && <PopupFooter className="flex flex-wrap justify-end gap-2">{footer}</PopupFooter>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

export const DialogClose = Base.Close;

/** Why the order was refused, beside the button that gave it: it is in view however long the form is. */
export const DialogProblem = ({ children }: { children: ReactNode }) => (
  <p role="alert" className="w-full text-bad text-sm">
    {children}
  </p>
);
