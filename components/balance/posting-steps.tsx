import type { StatementEntryView } from "#core/schemas/statement.ts";
import { Amount } from "../money/amount.tsx";
import { postingWord } from "../money/posting-words.ts";
import type { ReceiptStep } from "../receipt/receipt-step.ts";
import { counterpartyWord } from "./counterparty-word.ts";

/** Where the cause of a posting can be seen, by the beginning of its identifier. */
const CAUSES: readonly (readonly [prefix: string, href: string])[] = [
  ["inf_", "/compute?tab=requests"],
  ["ebt_", "/rewards"],
  ["out_", "/rewards"],
];

/** Why the balance changed: what caused it, and the posting that carried it out. */
export function postingSteps(entry: StatementEntryView): ReceiptStep[] {
  const isIncoming = !entry.amount.units.startsWith("-");
  const cause: ReceiptStep[] =
    entry.refId === null
      ? []
      : [
          {
            kind: "event",
            title: entry.memo ?? postingWord(entry.kind),
            detail: "What this money is for.",
            hash: entry.refId,
            href: CAUSES.find(([prefix]) => entry.refId?.startsWith(prefix))?.[1],
          },
        ];
  return [
    ...cause,
    {
      kind: "posting",
      title: isIncoming ? `From ${counterpartyWord(entry.counterparty)}` : `To ${counterpartyWord(entry.counterparty)}`,
      at: entry.createdAt,
      detail: (
        <>
          Your balance after it: <Amount units={entry.balance.units} asset={entry.balance.asset} />
        </>
      ),
      hash: entry.id,
    },
  ];
}
