"use client";

import { ReceiptText } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { buttonClass } from "../ui/button.tsx";
import { cn } from "../ui/class-names.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Drawer } from "../ui/drawer.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { ReceiptChain } from "./receipt-chain.tsx";
import type { ReceiptStep } from "./receipt-step.ts";

export type ReceiptProps = {
  /** What this is a receipt of, such as "Completion" or "Payment". */
  title: string;
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

export function ReceiptHead({ id, subject, status }: Pick<ReceiptProps, "id" | "subject" | "status">) {
  return (
    <div className="border-line border-y border-dashed bg-canvas px-4 py-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <div className="tabular font-medium text-2xl">{subject}</div>
        {status}
      </div>
      <Identifier value={id} label="receipt id" head={14} tail={6} className="mt-1 text-ink-3" />
    </div>
  );
}

/** The signature of the product: why a number is what it is, from the first cause to the last proof. */
export function ReceiptDrawer({ trigger, ...receipt }: ReceiptProps & { trigger?: ReactElement }) {
  const { title, id, subject, status, steps, shareHref, children } = receipt;
  return (
    <Drawer
      title={`${title} receipt`}
      trigger={trigger ?? <ReceiptTrigger label={`Receipt of ${title.toLowerCase()} ${id}`} />}
      header={<ReceiptHead id={id} subject={subject} status={status} />}
      {...(shareHref === undefined
        ? {}
        : {
            footer: (
              <div className="flex items-center justify-between gap-2">
                <p className="text-ink-3 text-xs">Anyone with the link can check this.</p>
                <CopyButton
                  value={
                    typeof window === "undefined" ? shareHref : new URL(shareHref, window.location.origin).toString()
                  }
                  label="Copy link to this receipt"
                  className={cn(buttonClass({ size: "sm" }), "text-ink")}
                >
                  Copy link
                </CopyButton>
              </div>
            ),
          })}
    >
      <div className="px-4 py-5">
        <ReceiptChain steps={steps} />
        {children}
      </div>
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
