"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { BadgeCheck } from "lucide-react";
import Link from "next/link";
import { lazy } from "react";
import type { ProofSummary, ProvingModelView } from "#core/schemas/proof.ts";
import { AUDIT_NOTE } from "#core/zk/verifier-kinds.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard, QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { receiptColumn } from "../receipt/receipt-column.tsx";
import { ReceiptDrawer } from "../receipt/receipt-drawer.tsx";
import { Button } from "../ui/button.tsx";
import { numberColumn, timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Identifier, shorten } from "../ui/identifier.tsx";
import { Opener } from "../ui/opener.tsx";
import { ModelStopBadge } from "./model-stop-badge.tsx";
import { ProofStatus } from "./proof-status.tsx";
import { proofSteps } from "./proof-steps.ts";
import { VERIFIER_WORDS } from "./verifier-words.ts";

const RequestProofDialog = lazy(() => import("./request-proof-dialog.tsx"));

const number = new Intl.NumberFormat("en");

const MODEL_COLUMNS: readonly Column<ProvingModelView>[] = [
  {
    id: "name",
    header: "Model",
    cell: (model) => (
      <span className="block">
        <span className="font-medium">{model.name}</span>
        <span className="block text-ink-3 text-xs">
          {model.architecture}, version {model.registryVersion}
        </span>
        {model.stop !== null && <ModelStopBadge stop={model.stop} />}
      </span>
    ),
    skeletonWidth: "w-28",
  },
  {
    id: "commitment",
    header: "Commitment to its weights",
    from: "md",
    cell: (model) => <Identifier value={model.commitment} label="commitment" head={10} tail={8} />,
    skeletonWidth: "w-44",
  },
  {
    id: "accuracy",
    header: "Accuracy",
    align: "right",
    cell: (model) => (
      <span className="tabular" title={`${model.accuracyFloat} % before it was made integer`}>
        {model.accuracyQuantised} %
      </span>
    ),
  },
  numberColumn("Gates", (model) => number.format(model.gates), { from: "sm" }),
  numberColumn("Proofs", (model) => number.format(model.proofCount)),
  {
    id: "verifier",
    header: "Verifier",
    align: "right",
    from: "lg",
    cell: (model) => (
      <span className="block" title={AUDIT_NOTE[model.verifierKind]}>
        <Identifier value={model.verifierAddress} label="verifier address" />
        <span className="block text-ink-3 text-xs">{VERIFIER_WORDS[model.verifierKind]}</span>
      </span>
    ),
    skeletonWidth: "w-24",
  },
];

const PROOF_COLUMNS: readonly Column<ProofSummary>[] = [
  {
    id: "proof",
    header: "Proof",
    cell: (proof) => (
      <Link
        href={`/proofs/${proof.id}`}
        className="whitespace-nowrap rounded-sm font-mono underline decoration-line underline-offset-4 hover:decoration-ink"
      >
        {shorten(proof.id, 8, 6)}
      </Link>
    ),
    skeletonWidth: "w-28",
  },
  { id: "model", header: "Model", from: "md", cell: (proof) => proof.modelName, skeletonWidth: "w-24" },
  { id: "status", header: "Status", cell: (proof) => <ProofStatus proof={proof} /> },
  {
    id: "output",
    header: "Output",
    align: "right",
    cell: (proof) =>
      proof.output === null ? (
        <span className="text-ink-3">–</span>
      ) : (
        <span className="tabular font-medium">{proof.output}</span>
      ),
  },
  {
    id: "time",
    header: "Proved in",
    align: "right",
    from: "sm",
    cell: (proof) =>
      proof.proveMs === null ? (
        <span className="text-ink-3">–</span>
      ) : (
        <span className="tabular">{(proof.proveMs / 1000).toFixed(1)} s</span>
      ),
  },
  timeColumn("Ordered", (proof) => proof.createdAt, { align: "right", from: "sm" }),
  receiptColumn((proof) => (
    <ReceiptDrawer
      title="Proof"
      id={proof.id}
      subject={proof.output === null ? "No output yet" : `Output ${proof.output}`}
      status={<ProofStatus proof={proof} />}
      steps={proofSteps(proof)}
      {...(proof.recordedAt === null ? {} : { shareHref: `/verify/${proof.inferenceId}` })}
    />
  )),
];

function OrderProof({ models }: { models: readonly ProvingModelView[] }) {
  return (
    <Opener
      trigger={
        <Button variant="primary" disabled={models.length === 0}>
          <BadgeCheck aria-hidden /> Order a proof
        </Button>
      }
    >
      {(popup) => <RequestProofDialog {...popup} models={models} />}
    </Opener>
  );
}

export function ProofsView() {
  const trpc = useTRPC();
  const models = useQuery(trpc.proof.models.queryOptions());
  const proofs = useInfiniteQuery(
    trpc.proof.list.infiniteQueryOptions({ limit: 20 }, { getNextPageParam: nextPage, refetchInterval: every(3_000) }),
  );
  const current = models.data?.data.filter((model) => model.isCurrent && model.stop === null) ?? [];
  return (
    <div className="flex flex-col gap-6">
      <QueryCard
        title="Models"
        description="Their weights are private. The commitment is their public name: nobody can swap them unseen, other weights are another version."
        query={models}
        columns={MODEL_COLUMNS}
        rowKey={(model) => model.id}
        skeletonRows={1}
        empty={
          <EmptyState title="No model is set up">
            The setup compiles the circuit and registers the model; it runs with the platform’s start.
          </EmptyState>
        }
      />
      <PagedCard
        title="Your proofs"
        description="Each proves one output, for one account, once."
        // Where there is no proof yet, the empty list asks for the first one.
        action={proofs.data?.pages[0]?.data.length === 0 ? undefined : <OrderProof models={current} />}
        query={proofs}
        columns={PROOF_COLUMNS}
        rowKey={(proof) => proof.id}
        empty={
          <EmptyState title="No proof yet" action={<OrderProof models={current} />}>
            A proof shows that a committed model gave this output, without showing its weights or your input. An agent’s
            rule can demand one before it lets money go.
          </EmptyState>
        }
      />
    </div>
  );
}
