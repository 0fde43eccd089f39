import type { Metadata } from "next";
import { ReceiptCheck } from "#components/compute/receipt-check.tsx";
import { inferenceSteps } from "#components/compute/receipt-steps.tsx";
import { Amount } from "#components/money/amount.tsx";
import { Receipt } from "#components/receipt/receipt.tsx";
import { pageCaller } from "#server/api/caller.ts";
import { orNotFound } from "#server/api/or-not-found.ts";

export const metadata: Metadata = { title: "Receipt" };

/** A completion's receipt for anyone who has its link. */
export default async function ReceiptPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const caller = await pageCaller();
  const receipt = await orNotFound(caller.compute.getReceipt({ id }));
  return (
    <div className="mx-auto w-full max-w-xl px-4 py-10 md:py-16">
      <h1 className="font-semibold text-xl tracking-tight">Receipt of a completion</h1>
      <p className="mt-1 mb-6 text-ink-2 text-sm">
        What was asked and answered is known here only by its hash. Whoever has the text can compare it.
      </p>
      <div className="overflow-hidden rounded-md border border-line bg-surface">
        <Receipt
          id={receipt.id}
          subject={<Amount units={receipt.body.charged} asset={receipt.body.asset} />}
          steps={inferenceSteps(receipt)}
          shareHref={`/receipt/${receipt.id}`}
        >
          <ReceiptCheck receipt={receipt} />
        </Receipt>
      </div>
    </div>
  );
}
