"use client";

import { cloneElement, type ReactElement, type ReactNode, type RefObject, Suspense, useRef, useState } from "react";

/** What a popup needs of its opener: whether it is there, how it goes, and where the focus returns to. */
export type Popup = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  anchor: RefObject<HTMLElement | null>;
};

type OpenerProps = {
  trigger: ReactElement<Record<string, unknown>>;
  kind?: "dialog" | "menu";
  /** The popup, usually a lazy component. It is drawn from the moment somebody reaches for the trigger. */
  children: (popup: Popup) => ReactNode;
};

/**
 * A trigger whose popup is fetched when a pointer or the focus comes near, so that a page carries the weight of its
 * buttons only. The trigger stays the same element throughout and has the focus again afterwards.
 */
export function Opener({ trigger, kind = "dialog", children }: OpenerProps) {
  const [isNear, setIsNear] = useState(false);
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLElement>(null);
  const comeNear = () => setIsNear(true);
  return (
    <>
      {cloneElement(trigger, {
        ref: anchor,
        "aria-haspopup": kind,
        "aria-expanded": open,
        onPointerEnter: comeNear,
        onFocus: comeNear,
        onClick: () => {
          setIsNear(true);
          setOpen(true);
        },
      })}
      {isNear && <Suspense fallback={null}>{children({ open, onOpenChange: setOpen, anchor })}</Suspense>}
    </>
  );
}
