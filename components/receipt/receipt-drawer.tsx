"use client";

import { ReceiptText } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { buttonClass } from "../ui/button-class.ts";
import { cn } from "../ui/class-names.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Drawer } from "../ui/drawer.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { ReceiptChain } from "./receipt-chain.tsx";
import type { ReceiptStep } from "./receipt-step.ts";

export type ReceiptProps = {
  /** The identifier somebody would quote. */
  id: string;
  /** The amount or the outcome, set large. */
  subject: ReactNode;
  status?: ReactNode;
  steps: readonly ReceiptStep[];
  /** A page that shows the same to a stranger. */
  shareHref?: string | undefined;
  children?: ReactNode;
};

/** The body of a receipt: what it is of, the chain of causes, and a link that works for a stranger. */
export function Receipt({ id, subject, status, steps, shareHref, children }: ReceiptProps) {
  return (
    <>
      <div className="border-line border-y border-dashed bg-canvas px-4 py-4">
        <div className="flex flex-wrap items-center justify-between gap-2">
          <div className="tabular font-medium text-2xl">{subject}</div>
          {status}
        </div>
        <Identifier value={id} label="identifier" head={14} tail={6} className="mt-1 text-ink-3" />
      </div>
      <div className="px-4 py-5">
        <ReceiptChain steps={steps} />
        {children}
      </div>
      {shareHref !== undefined && <ShareLink href={shareHref} />}
    </>
  );
}

function ShareLink({ href }: { href: string }) {
  const url = typeof window === "undefined" ? href : new URL(href, window.location.origin).toString();
  return (
    <div className="flex items-center justify-between gap-2 border-line border-t border-dashed px-4 py-3">
      <p className="text-ink-3 text-xs">Anyone with the link can check this.</p>
      <CopyButton value={url} label="Copy link to this receipt" className={cn(buttonClass({ size: "sm" }), "text-ink")}>
        Copy link
      </CopyButton>
    </div>
  );
}

type ReceiptDrawerProps = ReceiptProps & {
  /** What this is a receipt of, such as "Completion" or "Payment". */
  title: string;
  trigger?: ReactElement;
};

/** The signature of the product: why a number is what it is, from the first cause to the last proof. */
export function ReceiptDrawer({ title, trigger, ...receipt }: ReceiptDrawerProps) {
  return (
    <Drawer
      title={`${title} receipt`}
      trigger={trigger ?? <ReceiptTrigger label={`Receipt of ${title.toLowerCase()} ${receipt.id}`} />}
    >
      <Receipt {...receipt} />
    </Drawer>
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
