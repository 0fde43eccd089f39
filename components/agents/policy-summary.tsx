import type { PolicyInput } from "#core/schemas/agent.ts";
import { Amount } from "../money/amount.tsx";
import { shorten } from "../ui/identifier.tsx";
import { windowWord } from "./window-word.ts";

/** A policy as one reads a contract: each sentence a limit. */
export function PolicySummary({ policy }: { policy: PolicyInput | null }) {
  if (policy === null)
    return <p className="text-ink-2 text-sm">The sentence to sign appears here when the form is complete.</p>;
  return (
    <ul className="flex flex-col gap-2 text-sm">
      <li>
        At most <Amount units={policy.perTransactionCap} className="font-medium" /> a payment, and{" "}
        <Amount units={policy.windowCap} className="font-medium" /> in {windowWord(policy.windowSeconds)}.
      </li>
      {policy.rules.map((rule) => (
        <li key={rule.kind === "pay" ? rule.recipient : rule.kind}>
          {rule.kind === "deposit" && "It may fill its own balance here."}
          {rule.kind === "pay" && (
            <>
              It may pay <code className="font-mono">{shorten(rule.recipient)}</code>
              {rule.proof && <> only with a fresh proof whose output is at least {rule.proof.outputMin}</>}.
            </>
          )}
        </li>
      ))}
      <li className="text-ink-2">
        Everything else is denied. All of it ends on{" "}
        {new Date(policy.validUntil).toLocaleDateString("en-GB", { dateStyle: "long" })}.
      </li>
    </ul>
  );
}
