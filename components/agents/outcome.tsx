import type { ActionOutcome } from "#core/schemas/action.ts";
import { NamedAddress } from "../addresses/named-address.tsx";
import { TokenAmount } from "../money/token-amount.tsx";

/** What came into the account and what left it, and whatever else the chain says of it. */
export function Outcome({ outcome: { movements, events } }: { outcome: ActionOutcome }) {
  return (
    <div className="mt-1 flex flex-col gap-2">
      {movements.length === 0 ? (
        <p>No token came to its account or left it.</p>
      ) : (
        <ul>
          {movements.map(({ isIn, from, to, amount, token, symbol, decimals }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: what happened never changes
            <li key={index} className="flex flex-wrap items-center gap-x-2">
              <span>
                {isIn ? "+" : "−"}
                <TokenAmount units={amount} token={token} symbol={symbol} decimals={decimals} />
              </span>
              <span className="text-ink-3">{isIn ? "from" : "to"}</span>
              <NamedAddress value={isIn ? from : to} label={isIn ? "sender" : "recipient"} />
            </li>
          ))}
        </ul>
      )}
      {events.length > 0 && (
        <details>
          <summary className="cursor-pointer text-ink-3 text-xs">
            {events.length === 1 ? "One other event" : `${events.length} other events`}
          </summary>
          <ul className="mt-1 flex flex-col gap-1 text-xs">
            {events.map(({ name, contract, address, values }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: what happened never changes
              <li key={index}>
                <span className="font-medium">{name}</span>{" "}
                <span className="text-ink-3" title={address}>
                  of {contract ?? address}
                </span>
                <code className="block break-all font-mono">
                  {values.map((one) => `${one.name}: ${one.value}`).join(" · ")}
                </code>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
