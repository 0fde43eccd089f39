import type { Metadata } from "next";
import Link from "next/link";
import { PILLAR_TEXTS } from "#components/site/pillars.ts";
import { cn } from "#components/ui/class-names.ts";

export const metadata: Metadata = { title: "Documentation" };

const START = [
  {
    href: "/tour",
    title: "Take the tour",
    text: "One person's way through all four pillars, step by step, with what happened behind each step.",
  },
  {
    href: "/docs/api",
    title: "API reference",
    text: "Every REST address with its inputs, answers and errors. Try calls from the page.",
  },
  {
    href: "/developers",
    title: "Make an API key",
    text: "A key with scopes and an expiry, shown once; a first call to copy beside it.",
  },
  {
    href: "/verify/balance",
    title: "Verify a balance",
    text: "Check in your browser that a balance is in the sum the Vault holds, and that the Vault covers it.",
  },
] as const;

const RULES = [
  ["Base URL", "/api/v1", "The OpenAI surface lives here too: point any OpenAI client at it."],
  ["Authorization", "Bearer cvg_…", "One header. Keys carry scopes; a key of an agent acts and pays as that agent."],
  [
    "Idempotency-Key",
    "1–255 characters",
    "Repeat a POST with the same key and money moves once: the repeat gets what the first one did. A stream cannot be repeated; its repeat gets a 409 that names its receipt.",
  ],
  ["Amounts", '"1250000" USD', "Decimal strings of base units; a dollar has six decimals. Never a float."],
  [
    "Errors",
    "error.code",
    "One shape everywhere, with error.request_id to quote. Switch on the code, not on the text.",
  ],
  [
    "Spending limits",
    "402 CAP_EXCEEDED",
    "A limit on a key, an agent or all you spend. The refusal names it, what is left of it and when there is room; Retry-After says the last in seconds.",
  ],
  ["Lists", "data, hasMore, nextCursor", "Stable while rows are added: no row twice, none missed."],
] as const;

export default function DocsPage() {
  return (
    <div className="mx-auto max-w-6xl px-4 py-10 md:px-6 md:py-16">
      <h1 className="font-semibold text-2xl tracking-tight">Documentation</h1>
      <p className="mt-2 max-w-prose text-ink-2 text-lg">What Converge does, and how a program talks to it.</p>

      <ul className="mt-8 grid gap-px overflow-hidden rounded-md border border-line bg-line sm:grid-cols-2 md:grid-cols-4">
        {START.map((entry) => (
          <li key={entry.href} className="bg-surface transition-colors hover:bg-sunken">
            <Link href={entry.href} className="block h-full p-4 focus-visible:outline-offset-[-2px]">
              <span className="font-medium text-base">{entry.title}</span>
              <span className="mt-1 block text-ink-2 text-sm">{entry.text}</span>
            </Link>
          </li>
        ))}
      </ul>

      <h2 className="mt-12 font-medium text-lg">The pillars</h2>
      <ul className="mt-3 divide-y divide-line border-line border-y">
        {PILLAR_TEXTS.map((pillar) => (
          <li key={pillar.key}>
            <Link href={pillar.href} className="flex flex-wrap items-baseline gap-x-4 py-3 hover:text-ink">
              <span className="flex w-28 items-center gap-2 font-medium">
                <span aria-hidden className={cn("h-4 w-0.5 rounded-full", pillar.mark)} />
                {pillar.name}
              </span>
              <span className="text-ink-2">{pillar.line}</span>
            </Link>
          </li>
        ))}
      </ul>

      <h2 className="mt-12 font-medium text-lg">The rules of the API</h2>
      <dl className="mt-3 divide-y divide-line border-line border-y">
        {RULES.map(([term, value, text]) => (
          <div key={term} className="grid gap-x-4 gap-y-1 py-3 md:grid-cols-[8rem_14rem_1fr]">
            <dt className="font-medium">{term}</dt>
            <dd className="font-mono text-sm">{value}</dd>
            <dd className="text-ink-2">{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
