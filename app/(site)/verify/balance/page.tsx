import type { Metadata } from "next";
import { ApiProvider } from "#components/api/api-provider.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { LastRoot } from "#components/solvency/last-root.tsx";
import { VerifyBalance } from "#components/solvency/verify-balance.tsx";
import { pageCaller } from "#server/api/caller.ts";
import { currentActor } from "#server/identity/current-actor.ts";

export const metadata: Metadata = { title: "Verify a balance" };

/** Checks a balance's proof against the Vault, in the visitor's browser. */
export default async function VerifyBalancePage() {
  const caller = await pageCaller();
  const [actor, solvency] = await Promise.all([
    currentActor().catch(() => null),
    caller.solvency.get().catch(() => null),
  ]);
  return (
    <div className="mx-auto w-full max-w-4xl px-4 py-10 md:px-6 md:py-16">
      <PageHeader
        title="Verify a balance"
        description="Everything that Converge owes is added up in a tree, and the tree's root and sum are held by the Vault contract. A proof shows that a balance is in that sum. It is checked in this browser; you need not believe us."
      />
      <div className="flex flex-col gap-6">
        <LastRoot solvency={solvency} />
        <ApiProvider>
          <VerifyBalance isSignedIn={actor !== null} />
        </ApiProvider>
      </div>
    </div>
  );
}
