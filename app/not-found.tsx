import type { Metadata } from "next";
import { Logo } from "#components/shell/logo.tsx";
import { buttonClass } from "#components/ui/button-class.ts";

export const metadata: Metadata = { title: "Not found" };

/** Plain links: this page is part of every other one, and what it needs would be too. */
export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-lg flex-col justify-center gap-6 px-4 py-16">
      <a href="/" aria-label="Converge, home" className="self-start rounded-sm">
        <Logo />
      </a>
      <div>
        <p className="font-mono text-ink-3 text-sm">404</p>
        <h1 className="mt-1 font-semibold text-2xl tracking-tight">There is nothing here</h1>
        <p className="mt-2 text-base text-ink-2">
          Either the address is wrong, or what it names is not yours to see: both get this same page. No money is
          involved.
        </p>
      </div>
      <div className="flex gap-3">
        <a href="/overview" className={buttonClass({ variant: "primary", size: "lg" })}>
          Go to the console
        </a>
        <a href="/" className={buttonClass({ variant: "secondary", size: "lg" })}>
          Home
        </a>
      </div>
    </main>
  );
}
