import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { SignInPanel } from "#components/identity/sign-in-panel.tsx";
import { LogoMark } from "#components/shell/logo.tsx";
import { errorMessage, isErrorCode } from "#core/errors.ts";
import { network } from "#server/api/network.ts";
import { currentActor } from "#server/identity/current-actor.ts";

export const metadata: Metadata = { title: "Sign in" };

/** Only a path of our own: an address elsewhere would make the sign-in a springboard for phishing. */
const safeNext = (value: string | string[] | undefined): string =>
  typeof value === "string" && /^\/(?![/\\])[\w\-./?=&%]*$/.test(value) ? value : "/overview";

export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const { next, error } = await searchParams;
  if (await currentActor()) redirect(safeNext(next) as "/overview");
  const message =
    typeof error !== "string"
      ? null
      : isErrorCode(error)
        ? errorMessage(error)
        : "The sign-in was not accepted. Start again.";
  return (
    <div className="mx-auto w-full max-w-sm px-4 py-12 md:py-20">
      <LogoMark className="size-8" />
      <h1 className="mt-4 font-semibold text-2xl tracking-tight">Sign in</h1>
      <p className="mt-1 mb-8 text-base text-ink-2">
        A passkey is your device saying it is you. There is no password to lose.
      </p>
      <SignInPanel
        chainId={network.chainId}
        hasDemoSignIn={network.hasDemoSignIn}
        next={safeNext(next)}
        initialError={message}
      />
    </div>
  );
}
