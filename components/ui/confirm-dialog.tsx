"use client";

import { type ComponentProps, lazy, type ReactNode } from "react";
import { Opener } from "./opener.tsx";

const ConfirmPopup = lazy(() => import("./confirm-popup.tsx"));

type ConfirmDialogProps = {
  trigger: ComponentProps<typeof Opener>["trigger"];
  title: string;
  /** What will be different afterwards, and whether it can be undone. */
  children: ReactNode;
  confirmLabel: string;
  onConfirm: () => void;
};

/** Asks once before something that cannot simply be undone. */
export function ConfirmDialog({ trigger, ...question }: ConfirmDialogProps) {
  return <Opener trigger={trigger}>{(popup) => <ConfirmPopup {...popup} {...question} />}</Opener>;
}
