import type { CashOut, WithheldReason } from "#core/schemas/reward.ts";
import type { ApiOutput } from "../api/api-types.ts";
import { Amount } from "../money/amount.tsx";
import type { ReceiptStep } from "../receipt/receipt-step.ts";

type Batch = ApiOutput["reward"]["listBatches"]["data"][number];
type Epoch = ApiOutput["reward"]["listEpochs"]["data"][number];

export const WITHHELD_WORDS: Record<WithheldReason, string> = {
  IMPLAUSIBLE: "It did not look like a person reading.",
  CAMPAIGN_CLOSED: "The campaign was closed.",
  USER_CAP: "The most for one person and day was reached.",
  DEVICE_CAP: "The most for one device and day was reached.",
  BUDGET_EXHAUSTED: "The campaign’s money was used up.",
};

/** From the signed events of a device to the money. */
export function batchSteps(batch: Batch): ReceiptStep[] {
  return [
    { kind: "signature", title: `Signed by the device as batch ${batch.sequence}`, hash: batch.hash },
    {
      kind: "event",
      title: `${batch.accepted} ${batch.accepted === 1 ? "event" : "events"} counted`,
      at: batch.receivedAt,
      detail: `${batch.duplicate} seen before, ${batch.rejected} not taken.`,
      hash: batch.id,
    },
    {
      kind: "decision",
      title: `Scored ${batch.score} of 100`,
      detail: (
        <>
          Worth <Amount units={batch.worth.units} />.{" "}
          {batch.withheldReason ? WITHHELD_WORDS[batch.withheldReason] : "Paid in full measure of the score."}
        </>
      ),
      state: batch.withheldReason === "IMPLAUSIBLE" ? "refused" : "done",
    },
    {
      kind: "posting",
      title: "Credited in one posting",
      at: batch.receivedAt,
      detail: <Amount units={batch.credited.units} isSigned />,
    },
  ];
}

/** From one tap to the money at the person’s own account. */
export function cashOutSteps(cashOut: CashOut): ReceiptStep[] {
  return [
    { kind: "event", title: "You asked to cash out", at: cashOut.createdAt, hash: cashOut.id },
    {
      kind: "posting",
      title: "Taken from your balance",
      at: cashOut.createdAt,
      detail: <Amount units={cashOut.amount.units} />,
    },
    cashOut.epoch === null
      ? { kind: "proof", title: "The next epoch takes it up", state: "waiting" }
      : {
          kind: "proof",
          title: `In the Merkle root of epoch ${cashOut.epoch}`,
          state: cashOut.status === "settling" ? "waiting" : "done",
        },
    cashOut.arrivedAt === null
      ? { kind: "transaction", title: "It arrives at your account", detail: cashOut.address, state: "waiting" }
      : {
          kind: "transaction",
          title: "Arrived at your account",
          at: cashOut.arrivedAt,
          detail: cashOut.address,
          hash: cashOut.hash ?? undefined,
        },
  ];
}

/** How an epoch became final: the money first, the root after it. */
export function epochSteps(epoch: Epoch): ReceiptStep[] {
  return [
    {
      kind: "event",
      title: `Epoch ${epoch.number} closed`,
      at: epoch.createdAt,
      detail: `${epoch.people} ${epoch.people === 1 ? "person" : "people"} in it.`,
    },
    { kind: "proof", title: "One Merkle root over everything promised so far", hash: epoch.root },
    epoch.fundedAt === null
      ? { kind: "transaction", title: "The distributor is funded", state: "waiting" }
      : {
          kind: "transaction",
          title: "The distributor was funded",
          at: epoch.fundedAt,
          detail: <Amount units={epoch.delta.units} />,
          hash: epoch.fundedHash ?? undefined,
        },
    epoch.finalAt === null
      ? { kind: "transaction", title: "The root is published", state: "waiting" }
      : { kind: "transaction", title: "The root was published", at: epoch.finalAt, hash: epoch.finalHash ?? undefined },
  ];
}
