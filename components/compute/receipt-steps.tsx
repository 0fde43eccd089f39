import type { ReceiptView } from "#core/schemas/compute.ts";
import { Amount } from "../money/amount.tsx";
import type { ReceiptStep } from "../receipt/receipt-step.ts";
import { shorten } from "../ui/identifier.tsx";

/** How a completion came to cost what it cost, from the question to the signatures. */
export function inferenceSteps(receipt: ReceiptView): ReceiptStep[] {
  const { body } = receipt;
  return [
    {
      kind: "event",
      title: `${body.promptTokens} prompt tokens for ${body.model}`,
      at: body.startedAt,
      detail: "The question itself is not kept, only its hash.",
      hash: body.promptHash,
    },
    {
      kind: "posting",
      title: "The worst case was set aside",
      detail: <Amount units={body.reserved} asset={body.asset} />,
      hash: body.reservationId,
    },
    ...body.segments.map(
      (segment): ReceiptStep => ({
        kind: "decision",
        title: `Node ${shorten(segment.nodeId, 9, 4)} was chosen`,
        detail: (
          <>
            <Amount units={segment.inputPrice} /> in, <Amount units={segment.outputPrice} /> out per million tokens. It
            delivered {segment.completionTokens} tokens.
          </>
        ),
        hash: segment.nodeId,
      }),
    ),
    {
      kind: "event",
      title: `${body.completionTokens} tokens arrived`,
      at: body.finishedAt,
      detail: `Counted here, as ${body.counting} counts; ended by “${body.finishReason}”.`,
      hash: body.answerHash,
    },
    {
      kind: "posting",
      title: "Captured; the rest released at once",
      at: receipt.createdAt,
      detail: (
        <>
          <Amount units={body.charged} asset={body.asset} />, of which <Amount units={body.platformFee} /> for the
          platform.
        </>
      ),
    },
    {
      kind: "signature",
      title: receipt.platform ? "Signed by the platform" : "The platform signs within moments",
      state: receipt.platform ? "done" : "waiting",
      hash: receipt.platform?.signature,
    },
    ...receipt.nodes.map(
      (node): ReceiptStep => ({
        kind: "signature",
        title: node.signature
          ? `Signed by node ${shorten(node.nodeId, 9, 4)}`
          : `Node ${shorten(node.nodeId, 9, 4)} has not signed yet`,
        at: node.signedAt ?? undefined,
        state: node.signature ? "done" : "waiting",
        hash: node.signature ?? undefined,
      }),
    ),
  ];
}
