"use client";

import type { ReactNode } from "react";
import { CopyButton } from "../ui/copy-button.tsx";
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
      <CopyButton value={url} label="Copy link to this receipt">
        Copy link
      </CopyButton>
    </div>
  );
}
