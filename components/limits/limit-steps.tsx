import type { CapView } from "#core/schemas/cap.ts";
import { Amount } from "../money/amount.tsx";
import type { ReceiptStep } from "../receipt/receipt-step.ts";
import { coversWord } from "./limit-words.ts";

/** What a limit counts and why so much is left of it. */
export function limitSteps(cap: CapView): ReceiptStep[] {
  const counted: ReceiptStep[] =
    cap.kind === "transaction"
      ? []
      : [
          {
            kind: "posting",
            title: "Spent, and still counted",
            detail: <Amount units={cap.spent.units} asset={cap.spent.asset} />,
          },
          {
            kind: "posting",
            title: "Set aside for what is under way",
            detail: <Amount units={cap.reserved.units} asset={cap.reserved.asset} />,
          },
        ];
  return [
    {
      kind: "decision",
      title: cap.isOwn ? "You set this limit" : "The platform set this limit",
      at: cap.createdAt,
      detail: coversWord(cap),
      hash: cap.scope,
    },
    ...counted,
    ...(cap.frees === null
      ? []
      : [{ kind: "event" as const, title: "The oldest of it is forgotten", at: cap.frees, state: "waiting" as const }]),
  ];
}
