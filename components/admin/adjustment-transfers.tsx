import type { AdjustmentView } from "#core/schemas/adjustment.ts";
import { Amount } from "../money/amount.tsx";
import { cn } from "../ui/class-names.ts";
import { LedgerId } from "./ledger-id.tsx";

export const totalOf = ({ transfers }: Pick<AdjustmentView, "transfers">): bigint =>
  transfers.reduce((sum, { amount }) => sum + BigInt(amount.units), 0n);

type Props = { transfers: AdjustmentView["transfers"]; className?: string; isFull?: boolean };

/** Every movement with both accounts; where it is posted, its amount leads to the posting. */
export function AdjustmentTransfers({ transfers, className, isFull = false }: Props) {
  return (
    <ul className={cn("flex flex-col gap-1 text-sm", className)}>
      {transfers.map(({ debit, credit, amount, transferId }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an adjustment's transfers never change their places.
        <li key={place} className="flex flex-wrap items-baseline gap-x-2">
          <LedgerId id={debit} isFull={isFull} />
          <span className="text-ink-3">to</span>
          <LedgerId id={credit} isFull={isFull} />
          <Amount units={amount.units} asset={amount.asset} />
          {transferId !== null && <LedgerId id={transferId} />}
        </li>
      ))}
    </ul>
  );
}
