"use client";

import { ReceiptText } from "lucide-react";
import { lazy } from "react";
import { Opener } from "../ui/opener.tsx";
import type { ReceiptProps } from "./receipt.tsx";

const ReceiptPopup = lazy(() => import("./receipt-popup.tsx"));

type ReceiptDrawerProps = ReceiptProps & {
  /** What this is a receipt of, such as "Completion" or "Payment". */
  title: string;
};

/** The signature of the product: why a number is what it is, from the first cause to the last proof. */
export function ReceiptDrawer({ title, ...receipt }: ReceiptDrawerProps) {
  return (
    <Opener trigger={<ReceiptTrigger label={`Receipt of ${title.toLowerCase()} ${receipt.id}`} />}>
      {(popup) => <ReceiptPopup {...popup} {...receipt} title={title} />}
    </Opener>
  );
}

/** The small door to a receipt, at the end of a row. */
export function ReceiptTrigger({ label, ...props }: { label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      {...props}
      className="inline-flex size-7 items-center justify-center rounded-md text-ink-3 transition-colors hover:bg-sunken hover:text-ink pointer-coarse:size-10"
    >
      <ReceiptText aria-hidden className="size-4" />
    </button>
  );
}
