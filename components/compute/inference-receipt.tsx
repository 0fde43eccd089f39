"use client";

import { useQuery } from "@tanstack/react-query";
import type { ComponentProps } from "react";
import type { ReceiptView } from "#core/schemas/compute.ts";
import { readApiError } from "../api/read-api-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { LazyReceiptDrawer, ReceiptSkeleton, ReceiptUnavailable } from "../receipt/lazy-receipt-drawer.tsx";
import { Receipt } from "../receipt/receipt.tsx";
import { ReceiptCheck } from "./receipt-check.tsx";
import { inferenceSteps } from "./receipt-steps.tsx";

const isSigned = (receipt: ReceiptView | undefined): boolean =>
  receipt?.platform != null && receipt.nodes.every((node) => node.signature !== null);

function InferenceReceiptBody({ receiptId }: { receiptId: string }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.compute.getReceipt.queryOptions(
      { id: receiptId },
      // Signatures follow the money by a moment; an unsigned receipt is asked for again.
      { refetchInterval: (state) => (isSigned(state.state.data) ? false : 2_000) },
    ),
  );
  if (query.data) {
    return (
      <Receipt
        id={query.data.id}
        subject={<Amount units={query.data.body.charged} asset={query.data.body.asset} />}
        steps={inferenceSteps(query.data)}
        shareHref={`/receipt/${query.data.id}`}
      >
        <ReceiptCheck receipt={query.data} />
      </Receipt>
    );
  }
  if (query.isError) {
    const { message, requestId } = readApiError(query.error);
    return <ReceiptUnavailable message={message} requestId={requestId} onRetry={() => void query.refetch()} />;
  }
  return <ReceiptSkeleton />;
}

type Props = Pick<ComponentProps<typeof LazyReceiptDrawer>, "trigger"> & { receiptId: string };

export function InferenceReceiptDrawer({ receiptId, trigger }: Props) {
  return (
    <LazyReceiptDrawer title="Completion" label={`Receipt ${receiptId}`} {...(trigger ? { trigger } : {})}>
      {(isOpen) => isOpen && <InferenceReceiptBody receiptId={receiptId} />}
    </LazyReceiptDrawer>
  );
}
