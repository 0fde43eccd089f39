import Link from "next/link";
import type { CSSProperties } from "react";
import { Logo } from "../shell/logo.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { FeedArt } from "./feed-art.tsx";

const ACCENT: CSSProperties & { "--accent": string } = { "--accent": "var(--rewards)" };

const STEPS = [
  ["Read", "Short cards, one at a time. Every second you really look is worth something."],
  ["Watch it count", "The number moves as you read, and keeps counting without a signal."],
  ["Cash out", "One tap, your face or finger, and it is yours."],
] as const;

/** The feed for somebody who is not signed in: what it is, and one button. */
export function FeedWelcome() {
  return (
    <main id="main" className="flex min-h-dvh flex-col px-6 pt-6 pb-[max(24px,env(safe-area-inset-bottom))]">
      <Link href="/" className="self-start text-ink">
        <Logo />
      </Link>
      <div style={ACCENT} className="my-auto py-8">
        <FeedArt id="attention-has-a-price" topic="converge" />
        <h1 className="mt-8 text-balance font-semibold text-4xl tracking-tight">Your attention, paid.</h1>
        <ol className="mt-6 flex flex-col gap-4">
          {STEPS.map(([title, text], i) => (
            <li key={title} className="flex gap-4">
              <span aria-hidden className="tabular w-4 shrink-0 font-mono text-ink-3 text-sm">
                {i + 1}
              </span>
              <div>
                <p className="font-medium text-lg">{title}</p>
                <p className="text-ink-2 text-base">{text}</p>
              </div>
            </li>
          ))}
        </ol>
      </div>
      <Link href="/sign-in?next=/feed" className={`${buttonClass({ variant: "primary", size: "lg" })} h-12 w-full`}>
        Start earning
      </Link>
      <p className="mt-3 text-center text-ink-3 text-xs">No password and nothing to install. It takes ten seconds.</p>
    </main>
  );
}
