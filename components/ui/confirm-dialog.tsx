"use client";

import type { ReactElement, ReactNode } from "react";
import { Button } from "./button.tsx";
import { Dialog, DialogClose } from "./dialog.tsx";

type ConfirmDialogProps = {
  trigger: ReactElement;
  title: string;
  /** What will be different afterwards, and whether it can be undone. */
  children: ReactNode;
  confirmLabel: string;
  onConfirm: () => void;
  isDangerous?: boolean;
};

/** Asks once before something that cannot simply be undone. */
export function ConfirmDialog({
  trigger,
  title,
  children,
  confirmLabel,
  onConfirm,
  isDangerous = true,
}: ConfirmDialogProps) {
  return (
    <Dialog
      trigger={trigger}
      title={title}
      className="sm:max-w-md"
      footer={
        <>
          <DialogClose render={<Button>Keep it</Button>} />
          <DialogClose
            render={
              <Button variant={isDangerous ? "danger" : "primary"} onClick={onConfirm}>
                {confirmLabel}
              </Button>
            }
          />
        </>
      }
    >
      <div className="text-ink-2 text-sm">{children}</div>
    </Dialog>
  );
}
