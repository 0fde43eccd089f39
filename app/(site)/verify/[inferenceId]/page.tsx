import type { Metadata } from "next";
import { ApiProvider } from "#components/api/api-provider.tsx";
import { ProofBody } from "#components/proofs/proof-detail.tsx";
import { ProofStatus } from "#components/proofs/proof-status.tsx";
import { PageHeader } from "#components/shell/page-header.tsx";
import { pageCaller } from "#server/api/caller.ts";
import { orNotFound } from "#server/api/or-not-found.ts";

export const metadata: Metadata = { title: "Verify a proof" };

/** A proof on the chain, for anyone who has its link. */
export default async function VerifyPage({ params }: { params: Promise<{ inferenceId: string }> }) {
  const { inferenceId } = await params;
  const caller = await pageCaller();
  const proof = await orNotFound(caller.proof.recorded({ inferenceId }));
  return (
    <div className="mx-auto w-full max-w-6xl px-4 py-10 md:px-6 md:py-16">
      <PageHeader
        mark="bg-proofs"
        title={`${proof.modelName} answered ${proof.output ?? ""}`}
        description="Proved without showing the model or its input. You need not believe this page: verify it."
        action={<ProofStatus proof={proof} />}
      />
      <ApiProvider>
        <ProofBody proof={proof} />
      </ApiProvider>
    </div>
  );
}
