import Link from "next/link";
import { Convergence } from "#components/site/convergence.tsx";
import { Guarantees } from "#components/site/guarantees.tsx";
import { buttonClass } from "#components/ui/button-class.ts";
import { CodeBlock } from "#components/ui/code-block.tsx";
import { network } from "#server/api/network.ts";
import { findPublicTotals } from "#server/api/public-totals.ts";

const firstCall = `curl ${network.publicUrl}/api/v1/chat/completions \\
  -H "Authorization: Bearer $CONVERGE_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "converge/tiny-1",
    "stream": true,
    "messages": [{"role": "user", "content": "What is Converge?"}]
  }'`;

export default async function LandingPage() {
  const totals = await findPublicTotals();
  return (
    <div className="mx-auto flex max-w-6xl flex-col gap-16 px-4 py-10 md:gap-24 md:px-6 md:py-16">
      <section className="flex flex-col gap-10 md:gap-14">
        <div className="max-w-3xl">
          <h1 className="text-balance font-semibold text-2xl tracking-tight md:text-4xl">
            Compute, AI agents, proofs and rewards, settled on one ledger.
          </h1>
          <p className="mt-4 max-w-2xl text-pretty text-ink-2 text-lg">
            Rent compute, give AI agents wallets they cannot misuse, prove what a model said, pay people for their
            attention. Everything that happens leaves a receipt that anyone can check.
          </p>
          <div className="mt-6 flex flex-wrap gap-3">
            <Link href="/tour" className={buttonClass({ variant: "primary", size: "lg" })}>
              Open the tour
            </Link>
            <Link href="/sign-in" className={buttonClass({ variant: "secondary", size: "lg" })}>
              Sign in
            </Link>
          </div>
        </div>
        <Convergence initial={totals} />
      </section>

      <Guarantees />

      <section
        aria-labelledby="first-call"
        className="grid grid-cols-1 gap-6 *:min-w-0 lg:grid-cols-[minmax(0,5fr)_minmax(0,7fr)] lg:gap-12"
      >
        <div>
          <h2 id="first-call" className="font-semibold text-xl tracking-tight">
            One call away
          </h2>
          <p className="mt-3 max-w-prose text-base text-ink-2">
            The OpenAI surface, unmodified: change the base URL of a client you have. The answer streams, is counted on
            our side, and its receipt is named in a header.
          </p>
          <p className="mt-3 flex flex-wrap gap-x-5 gap-y-2 text-sm">
            <Link
              href="/developers"
              className="rounded-sm font-medium underline decoration-line-strong underline-offset-4 hover:decoration-ink"
            >
              Make a key
            </Link>
            <Link
              href="/docs/api"
              className="rounded-sm font-medium underline decoration-line-strong underline-offset-4 hover:decoration-ink"
            >
              API reference
            </Link>
          </p>
        </div>
        <CodeBlock label="A streamed completion" code={firstCall} />
      </section>
    </div>
  );
}
