"use client";

import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import type { ProofView } from "#core/schemas/proof.ts";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { ReceiptChain } from "../receipt/receipt-chain.tsx";
import { PageHeader, PendingTitle } from "../shell/page-header.tsx";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { ProofFacts } from "./proof-facts.tsx";
import { isOnItsWay, ProofStatus } from "./proof-status.tsx";
import { proofSteps } from "./proof-steps.ts";
import { VerifyProof } from "./verify-proof.tsx";

function download(proof: ProofView): void {
  const { modelId, publicInputs, proof: bytes, inferenceId, chainId, registryAddress, verifierAddress } = proof;
  const content = { modelId, inferenceId, chainId, registryAddress, verifierAddress, publicInputs, proof: bytes };
  const url = URL.createObjectURL(new Blob([JSON.stringify(content, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${proof.id}.json`;
  link.click();
  URL.revokeObjectURL(url);
}

export function ProofBody({ proof }: { proof: ProofView }) {
  return (
    <div className="grid grid-cols-1 gap-6 *:min-w-0 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="flex flex-col gap-6">
        {proof.proof !== null && proof.publicInputs !== null && (
          <Card>
            <CardHeader
              title="Check it"
              description="By the same contract that the registry asks. It costs nothing and changes nothing."
              action={
                <Button size="sm" onClick={() => download(proof)}>
                  <Download aria-hidden /> Download
                </Button>
              }
            />
            <CardBody>
              <VerifyProof modelId={proof.modelId} proof={proof.proof} publicInputs={proof.publicInputs} />
            </CardBody>
          </Card>
        )}
        <Card>
          <CardHeader title="What it says" />
          <CardBody className="py-1">
            <ProofFacts proof={proof} />
          </CardBody>
        </Card>
      </div>
      <Card className="self-start">
        <CardHeader title="How it came about" />
        <CardBody>
          <ReceiptChain steps={proofSteps(proof)} />
        </CardBody>
      </Card>
    </div>
  );
}

function ProofSkeleton() {
  return (
    <div className="grid grid-cols-1 items-start gap-6 *:min-w-0 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="flex flex-col gap-6">
        <CardSkeleton rows={2} />
        <CardSkeleton rows={9} />
      </div>
      <CardSkeleton rows={8} />
    </div>
  );
}

export function ProofDetail({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(
    trpc.proof.get.queryOptions(
      { id },
      { refetchInterval: (state) => (state.state.data === undefined || isOnItsWay(state.state.data) ? 2_000 : false) },
    ),
  );
  if (query.isError && !query.data)
    return (
      <Card>
        <QueryError error={query.error} what="The proof" onRetry={() => void query.refetch()} />
      </Card>
    );
  return (
    <>
      <PageHeader
        mark="bg-proofs"
        title={query.data ? query.data.output === null ? "Proof" : `Output ${query.data.output}` : <PendingTitle />}
        description={<Identifier value={id} label="proof id" head={14} tail={6} />}
        action={query.data && <ProofStatus proof={query.data} />}
      />
      {query.data ? <ProofBody proof={query.data} /> : <ProofSkeleton />}
    </>
  );
}
