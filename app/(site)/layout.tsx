import type { ReactNode } from "react";
import { SkipLink } from "#components/shell/skip-link.tsx";
import { SiteFooter } from "#components/site/site-footer.tsx";
import { SiteHeader } from "#components/site/site-header.tsx";
import { network } from "#server/api/network.ts";
import { currentActor } from "#server/identity/current-actor.ts";

export default async function SiteLayout({ children }: { children: ReactNode }) {
  // A page that says what this is must appear even when the database does not answer.
  const actor = await currentActor().catch(() => null);
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <SiteHeader chainId={network.chainId} isDevelopment={network.isDevelopment} isSignedIn={actor !== null} />
      <main id="main" tabIndex={-1} className="flex-1 outline-none">
        {children}
      </main>
      <SiteFooter />
    </div>
  );
}
