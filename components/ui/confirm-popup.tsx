"use client";

import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Dialog, DialogClose } from "./dialog.tsx";
import type { Popup } from "./opener.tsx";

type Props = Popup & { title: string; children: ReactNode; confirmLabel: string; onConfirm: () => void };

export default function ConfirmPopup({ title, children, confirmLabel, onConfirm, ...popup }: Props) {
  return (
    <Dialog
      {...popup}
      title={title}
      isNarrow
      footer={
        <>
          <DialogClose render={<Button>Keep it</Button>} />
          <DialogClose
            render={
              <Button variant="danger" onClick={onConfirm}>
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
