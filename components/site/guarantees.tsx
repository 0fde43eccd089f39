const GUARANTEES = [
  {
    never: "A balance below zero",
    because: "The database itself refuses the posting, whatever the code above it asks for.",
    where: "ledger_post",
  },
  {
    never: "An agent over its limit",
    because: "The signer checks the exact bytes before it signs, and the account contract checks them again.",
    where: "signer · AgentAccount",
  },
  {
    never: "A charge for tokens that never arrived",
    because: "The worst case is reserved, what was delivered is captured, the rest is released at once.",
    where: "reserve · capture · release",
  },
  {
    never: "A proof used twice",
    because: "A proof names its model, its requester and a nonce; the registry consumes it once.",
    where: "InferenceRegistry",
  },
  {
    never: "An event paid twice",
    because: "Events are signed, numbered and unique; a repeat finds itself already there.",
    where: "ingest",
  },
] as const;

/** What the platform rules out, and the place that rules it out. */
export function Guarantees() {
  return (
    <section aria-labelledby="guarantees">
      <h2 id="guarantees" className="font-semibold text-xl tracking-tight">
        What cannot happen
      </h2>
      <dl className="mt-4 divide-y divide-line border-line border-y">
        {GUARANTEES.map((row) => (
          <div
            key={row.never}
            className="grid gap-x-6 gap-y-1 py-4 md:grid-cols-[minmax(0,4fr)_minmax(0,6fr)_minmax(0,3fr)]"
          >
            <dt className="font-medium text-base">{row.never}</dt>
            <dd className="text-ink-2 text-base">{row.because}</dd>
            <dd className="font-mono text-ink-3 text-xs leading-5 md:text-right">{row.where}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
