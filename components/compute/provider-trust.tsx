"use client";

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { NodeView } from "#core/schemas/compute.ts";
import type { DisputeView } from "#core/schemas/trust.ts";
import { every } from "../api/every.ts";
import { FormDialog } from "../api/form-dialog.tsx";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Field } from "../ui/field.tsx";
import type { Popup } from "../ui/opener.tsx";
import { TextArea } from "../ui/text-area.tsx";
import { CHALLENGE_COLUMNS, DisputeStatus } from "./challenge-columns.tsx";
import { trustSentence } from "./node-trust.tsx";

const STATEMENT_CHARACTERS_MIN = 3;

/** Why the suspension is wrong, in the provider's own words. */
export function DisputeDialog({ node, ...popup }: Popup & { node: NodeView }) {
  const [statement, setStatement] = useState("");
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const open = useMutation(
    trpc.compute.openDispute.mutationOptions({
      onSuccess: async () => {
        popup.onOpenChange(false);
        await queryClient.invalidateQueries({ queryKey: trpc.compute.listDisputes.pathKey() });
      },
    }),
  );
  return (
    <FormDialog
      {...popup}
      title={`Dispute the suspension of ${node.name}`}
      description={trustSentence(node.trustReason) ?? "It gets no work until this is decided."}
      submitLabel="Send"
      isReady={statement.trim().length >= STATEMENT_CHARACTERS_MIN}
      isPending={open.isPending}
      error={open.error}
      onSubmit={() => open.mutate({ nodeId: node.id, statement: statement.trim() })}
    >
      <Field label="What happened" hint="A person reads it together with the test’s evidence.">
        <TextArea rows={4} maxLength={2_000} value={statement} onChange={(event) => setStatement(event.target.value)} />
      </Field>
    </FormDialog>
  );
}

const DISPUTE_COLUMNS: readonly Column<DisputeView>[] = [
  timeColumn("Opened", (row) => row.createdAt, { from: "sm" }),
  {
    id: "what",
    header: "What you said",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <span className="block font-medium">{row.nodeName}</span>
        <span className="block text-ink-2 text-sm">{row.statement}</span>
        {row.resolution !== null && <span className="block text-ink-3 text-xs">Answer: {row.resolution}</span>}
      </span>
    ),
  },
  { id: "status", header: "Status", align: "right", cell: (row) => <DisputeStatus status={row.status} /> },
];

/** The tests of one's nodes, and the objections to what came of them. */
export function ProviderTrust() {
  const trpc = useTRPC();
  const disputes = useInfiniteQuery(
    trpc.compute.listDisputes.infiniteQueryOptions(
      { limit: 10 },
      { getNextPageParam: nextPage, refetchInterval: every(10_000) },
    ),
  );
  const challenges = useInfiniteQuery(
    trpc.compute.listChallenges.infiniteQueryOptions(
      { limit: 10 },
      { getNextPageParam: nextPage, refetchInterval: every(10_000) },
    ),
  );
  const hasDisputes = (disputes.data?.pages[0]?.data.length ?? 0) > 0;
  return (
    <>
      {hasDisputes && (
        <PagedCard
          title="Your disputes"
          query={disputes}
          columns={DISPUTE_COLUMNS}
          rowKey={(row) => row.id}
          empty={null}
        />
      )}
      <PagedCard
        title="Tests of your nodes"
        description="At random times, less than a hundredth of a device’s time in all. Renters can ask for verified machines only."
        query={challenges}
        columns={CHALLENGE_COLUMNS}
        rowKey={(row) => row.id}
        skeletonRows={2}
        empty={
          <EmptyState title="Not tested yet">
            A new node is tested within its first minute: whether it serves its model, and has the memory it rents out.
          </EmptyState>
        }
      />
    </>
  );
}
