"use client";

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import type { NodeView } from "#core/schemas/compute.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { notifyError } from "../api/notify-error.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { actionColumn } from "../ui/columns.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Opener } from "../ui/opener.tsx";
import { Time } from "../ui/time.tsx";
import { toast } from "../ui/toast.ts";
import { NODE_COLUMNS } from "./market.tsx";
import { NodeTrustStatus, trustSentence } from "./node-trust.tsx";
import { Pools } from "./pools.tsx";
import { ProviderEarnings } from "./provider-earnings.tsx";
import { ProviderStake } from "./provider-stake.tsx";
import { DisputeDialog, ProviderTrust } from "./provider-trust.tsx";

function RemoveNodeButton({ node }: { node: NodeView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const remove = useMutation(
    trpc.compute.removeNode.mutationOptions({
      onSuccess: () => {
        toast.success(`${node.name} was removed`);
        return queryClient.invalidateQueries({ queryKey: trpc.compute.pathKey() });
      },
      onError: (error) => notifyError("The node could not be removed", error),
    }),
  );
  return (
    <ConfirmDialog
      title={`Remove ${node.name}?`}
      confirmLabel="Remove node"
      onConfirm={() => remove.mutate({ id: node.id })}
      trigger={
        <Button size="sm" variant="ghost" isPending={remove.isPending}>
          Remove
        </Button>
      }
    >
      It gets no more work. What it delivered so far stays paid. To rent it out again, join it with a new token.
    </ConfirmDialog>
  );
}

const COLUMNS: readonly Column<NodeView>[] = [
  ...NODE_COLUMNS.filter(({ id }) => id !== "models" && id !== "trust" && id !== "first").map((column) =>
    // On a phone there is room for its standing and the button.
    column.id === "speed" || column.id === "status" ? { ...column, from: "sm" as const } : column,
  ),
  {
    id: "trust",
    header: "Standing",
    cell: (node) => (
      <span className="block py-1">
        <NodeTrustStatus trust={node.trust} />
        {node.trustReason !== null && (
          <span className="mt-0.5 block max-w-64 text-ink-3 text-xs">{trustSentence(node.trustReason)}</span>
        )}
      </span>
    ),
  },
  actionColumn((node) => (
    <span className="flex flex-wrap justify-end gap-2">
      {node.status !== "removed" && (node.trust === "suspended" || node.trust === "banned") && (
        <Opener trigger={<Button size="sm">Dispute</Button>}>
          {(popup) => <DisputeDialog {...popup} node={node} />}
        </Opener>
      )}
      <RemoveNodeButton node={node} />
    </span>
  )),
];

function JoinCommand({ publicUrl }: { publicUrl: string }) {
  const trpc = useTRPC();
  const join = useMutation(
    trpc.compute.createJoinToken.mutationOptions({ onError: (error) => notifyError("No token was made", error) }),
  );
  return (
    <Card>
      <CardHeader
        title="Rent out a machine"
        description="One command. It connects outwards, so it works behind any router."
        action={
          <Button variant="primary" isPending={join.isPending} onClick={() => join.mutate()}>
            {!join.isPending && <Plus aria-hidden />} New join token
          </Button>
        }
      />
      <CardBody>
        {join.data ? (
          <>
            <CodeBlock
              label="Run this on the machine"
              code={`node gpu-node --url ${publicUrl} \\\n  --token ${join.data.token}`}
            />
            <p className="mt-2 text-ink-3 text-sm">
              The token expires <Time iso={join.data.expiresAt} /> and joins one machine, once. To serve an Ollama or
              vLLM that runs there, add <code className="font-mono">--openai-base-url</code> and{" "}
              <code className="font-mono">--model</code>; to take jobs, too, <code className="font-mono">--rent</code>.
            </p>
          </>
        ) : (
          <p className="max-w-prose text-ink-2 text-sm">
            The node makes its own key, reports its hardware, and serves the built-in model or any OpenAI-compatible
            server beside it. You are paid for each answer the moment it is delivered.
          </p>
        )}
      </CardBody>
    </Card>
  );
}

export default function Provide({ publicUrl }: { publicUrl: string }) {
  const trpc = useTRPC();
  const nodes = useInfiniteQuery(
    trpc.compute.listMyNodes.infiniteQueryOptions(
      { limit: 25 },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  const known = nodes.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <div className="flex flex-col gap-6">
      <JoinCommand publicUrl={publicUrl} />
      <ProviderEarnings names={new Map(known.map(({ id, name }) => [id, name]))} />
      <PagedCard
        title="Your nodes"
        query={nodes}
        columns={COLUMNS}
        rowKey={(node) => node.id}
        skeletonRows={2}
        empty={
          <EmptyState title="No node of yours yet">
            Make a join token above and run the command; the node appears here within seconds.
          </EmptyState>
        }
      />
      <ProviderStake />
      <Pools nodes={known} />
      <ProviderTrust />
    </div>
  );
}
