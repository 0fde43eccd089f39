"use client";

import { ArrowRight, CircleAlert, LoaderCircle } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { describeFailure } from "./describe-failure.ts";
import { PasskeySignIn } from "./passkey-sign-in.tsx";
import { startSession } from "./start-sign-in.ts";

const WalletSignIn = lazy(() => import("./wallet-sign-in.tsx"));

const DEMO_ACCOUNTS = [
  { account: "user", title: "User", text: "Earns, spends, runs agents" },
  { account: "provider", title: "Provider", text: "Rents out a machine" },
  { account: "admin", title: "Admin", text: "Watches the platform" },
  { account: "approver", title: "Approver", text: "Decides on what the admin proposes" },
] as const;

type Props = { chainId: number; hasDemoSignIn: boolean; next: string; initialError: string | null };

export function SignInPanel({ chainId, hasDemoSignIn, next, initialError }: Props) {
  const [problem, setProblem] = useState(initialError);
  const [isWalletOpen, setIsWalletOpen] = useState(false);
  const [pendingDemo, setPendingDemo] = useState<string | null>(null);

  // A full load, so that nothing rendered for a stranger survives the sign-in.
  const onSignedIn = () => window.location.assign(next);
  const signInDemo = async (account: string) => {
    setPendingDemo(account);
    try {
      const result = await startSession("demo", { account });
      if (result.ok) return onSignedIn();
      setProblem(result.message);
    } catch (error) {
      setProblem(describeFailure(error));
    }
    setPendingDemo(null);
  };

  return (
    <div className="flex flex-col gap-6">
      {problem !== null && (
        <p role="alert" className="flex items-start gap-2 rounded-md bg-bad-soft px-3 py-2.5 text-bad text-sm">
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          {problem}
        </p>
      )}
      <PasskeySignIn onSignedIn={onSignedIn} onFailure={setProblem} />
      <div className="-mt-3 flex flex-col gap-3">
        {isWalletOpen ? (
          <Suspense fallback={<Skeleton className="h-10 w-full" />}>
            <WalletSignIn chainId={chainId} onSignedIn={onSignedIn} onFailure={setProblem} />
          </Suspense>
        ) : (
          <Button variant="ghost" size="lg" className="w-full" onClick={() => setIsWalletOpen(true)}>
            Use a wallet instead
          </Button>
        )}
      </div>
      {hasDemoSignIn && (
        <section aria-labelledby="demo-title" className="border-line border-t pt-6">
          <h2 id="demo-title" className="font-medium text-sm">
            Demo accounts
          </h2>
          <p className="mt-0.5 text-ink-3 text-sm">Only on this development network. Everyone shares them.</p>
          <ul className="mt-3 divide-y divide-line overflow-hidden rounded-md border border-line bg-surface">
            {DEMO_ACCOUNTS.map(({ account, title, text }) => (
              <li key={account}>
                <button
                  type="button"
                  disabled={pendingDemo !== null}
                  aria-busy={pendingDemo === account || undefined}
                  onClick={() => void signInDemo(account)}
                  className="flex min-h-11 w-full items-center gap-2 px-3 py-2 text-left text-sm transition-colors hover:bg-sunken focus-visible:outline-offset-[-2px] disabled:opacity-50"
                >
                  <span className="w-16 shrink-0 font-medium">{title}</span>
                  <span className="flex-1 text-ink-3">{text}</span>
                  {pendingDemo === account ? (
                    <LoaderCircle aria-hidden className="size-4 animate-spin" />
                  ) : (
                    <ArrowRight aria-hidden className="size-4 text-ink-3" />
                  )}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
