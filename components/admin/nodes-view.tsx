"use client";

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import type { AdminNodeView } from "#core/schemas/compute.ts";
import { type DisputeView, nodeTrust } from "#core/schemas/trust.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { notifyError } from "../api/notify-error.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { CHALLENGE_COLUMNS, DisputeStatus } from "../compute/challenge-columns.tsx";
import { describeHardware } from "../compute/describe-hardware.ts";
import { NodeStatus } from "../compute/node-status.tsx";
import { NodeTrustStatus, trustSentence } from "../compute/node-trust.tsx";
import { Button } from "../ui/button.tsx";
import { actionColumn, numberColumn, timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Opener, type Popup } from "../ui/opener.tsx";
import { Select } from "../ui/select.tsx";
import { useAddressValue } from "../ui/use-address-value.ts";
import { ReasonDialog } from "./reason-dialog.tsx";
import { ClaimDialog, StakeClaims } from "./stake-claims.tsx";

/** After a decision everything on the page may be other than before. */
function useRefresh(popup?: Popup) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return async () => {
    popup?.onOpenChange(false);
    await queryClient.invalidateQueries({ queryKey: trpc.nodeAdmin.pathKey() });
  };
}

function BanDialog({ node, ...popup }: Popup & { node: AdminNodeView }) {
  const trpc = useTRPC();
  const ban = useMutation(trpc.nodeAdmin.ban.mutationOptions({ onSuccess: useRefresh(popup) }));
  return (
    <ReasonDialog
      {...popup}
      title={`Ban ${node.name}?`}
      description="It gets no more work, and jobs on it go to other nodes at once. What it delivered stays paid."
      submitLabel="Ban node"
      hint="Its provider reads it."
      isPending={ban.isPending}
      error={ban.error}
      onSubmit={(reason) => ban.mutate({ id: node.id, reason })}
    />
  );
}

function ReinstateDialog({ node, ...popup }: Popup & { node: AdminNodeView }) {
  const trpc = useTRPC();
  const reinstate = useMutation(trpc.nodeAdmin.reinstate.mutationOptions({ onSuccess: useRefresh(popup) }));
  return (
    <ReasonDialog
      {...popup}
      title={`Let ${node.name} back in?`}
      description="It gets work again and is tested at once, as a new node."
      submitLabel="Let it in"
      isPending={reinstate.isPending}
      error={reinstate.error}
      onSubmit={(reason) => reinstate.mutate({ id: node.id, reason })}
    />
  );
}

function ReferenceButton({ node }: { node: AdminNodeView }) {
  const trpc = useTRPC();
  const set = useMutation(
    trpc.nodeAdmin.setReference.mutationOptions({
      onSuccess: useRefresh(),
      onError: (error) => notifyError("It was not changed", error),
    }),
  );
  return (
    <Button
      size="sm"
      variant="ghost"
      isPending={set.isPending}
      onClick={() => set.mutate({ id: node.id, isReference: !node.isReference })}
    >
      {node.isReference ? "No reference" : "Make a reference"}
    </Button>
  );
}

function NodeActions({ node }: { node: AdminNodeView }) {
  if (node.status === "removed") return null;
  const isOut = node.trust === "suspended" || node.trust === "banned";
  return (
    <span className="flex flex-wrap justify-end gap-2">
      {isOut ? (
        <>
          <Opener
            trigger={
              <Button size="sm" variant="ghost">
                Claim stake
              </Button>
            }
          >
            {(popup) => <ClaimDialog {...popup} node={node} />}
          </Opener>
          <Opener trigger={<Button size="sm">Let back in</Button>}>
            {(popup) => <ReinstateDialog {...popup} node={node} />}
          </Opener>
        </>
      ) : (
        <ReferenceButton node={node} />
      )}
      {node.trust !== "banned" && (
        <Opener
          trigger={
            <Button size="sm" variant="ghost">
              Ban
            </Button>
          }
        >
          {(popup) => <BanDialog {...popup} node={node} />}
        </Opener>
      )}
    </span>
  );
}

const NODE_COLUMNS: readonly Column<AdminNodeView>[] = [
  {
    id: "node",
    header: "Node",
    cell: (node) => (
      <span className="block min-w-0 py-1">
        <span className="block font-medium">{node.name}</span>
        <span className="block text-ink-3 text-xs">
          {node.ownerName}, {describeHardware(node.hardware)}
        </span>
        <span className="mt-1 block md:hidden">
          <NodeTrustStatus trust={node.trust} />
        </span>
        {node.trustReason !== null && (
          <span className="block text-ink-2 text-xs">{trustSentence(node.trustReason)}</span>
        )}
      </span>
    ),
    skeletonWidth: "w-40",
  },
  { id: "status", header: "Status", from: "sm", cell: (node) => <NodeStatus status={node.status} /> },
  {
    id: "trust",
    header: "Standing",
    from: "md",
    cell: (node) => (
      <span className="block">
        <NodeTrustStatus trust={node.trust} />
        {node.isReference && <span className="mt-0.5 block text-ink-3 text-xs">Reference</span>}
      </span>
    ),
  },
  numberColumn("Flags", (node) => node.flags, { from: "md" }),
  timeColumn("Seen", (node) => node.lastSeenAt, { align: "right", from: "lg" }),
  actionColumn((node) => <NodeActions node={node} />),
];

const EVERY = "every";
const TRUST_WORDS: Record<(typeof nodeTrust.options)[number], string> = {
  new: "Not verified",
  verified: "Verified",
  suspended: "Suspended",
  banned: "Banned",
};

function Nodes() {
  const trpc = useTRPC();
  const [wanted, setWanted] = useAddressValue("standing");
  const trust = nodeTrust.safeParse(wanted).data;
  const query = useInfiniteQuery(
    trpc.nodeAdmin.listNodes.infiniteQueryOptions(
      { limit: 25, ...(trust ? { trust } : {}) },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  return (
    <PagedCard
      title="Nodes"
      description="Newest first. The answers of references are what others are held against."
      action={
        <Select
          label="Standing"
          className="w-40"
          value={trust ?? EVERY}
          onValueChange={(value) => setWanted(value === EVERY ? null : value)}
          options={[
            { value: EVERY, label: "Every standing" },
            ...nodeTrust.options.map((value) => ({ value, label: TRUST_WORDS[value] })),
          ]}
        />
      }
      query={query}
      columns={NODE_COLUMNS}
      rowKey={(node) => node.id}
      skeletonRows={3}
      empty={<EmptyState title="No node here">Nodes appear as providers join them.</EmptyState>}
    />
  );
}

function DecideDialog({
  dispute,
  decision,
  ...popup
}: Popup & { dispute: DisputeView; decision: "uphold" | "reverse" }) {
  const trpc = useTRPC();
  const resolve = useMutation(trpc.nodeAdmin.resolveDispute.mutationOptions({ onSuccess: useRefresh(popup) }));
  const isReversed = decision === "reverse";
  return (
    <ReasonDialog
      {...popup}
      title={isReversed ? `Lift the suspension of ${dispute.nodeName}?` : `Keep ${dispute.nodeName} suspended?`}
      description={isReversed ? "It gets work again and is tested at once." : "It stays out. Its provider is told why."}
      submitLabel={isReversed ? "Lift it" : "Keep it"}
      hint="Its provider reads it."
      isPending={resolve.isPending}
      error={resolve.error}
      onSubmit={(resolution) => resolve.mutate({ id: dispute.id, decision, resolution })}
    />
  );
}

const DISPUTE_COLUMNS: readonly Column<DisputeView>[] = [
  timeColumn("Opened", (row) => row.createdAt, { from: "sm" }),
  {
    id: "what",
    header: "What the provider says",
    cell: (row) => (
      <span className="block min-w-0 py-1">
        <span className="block font-medium">{row.nodeName}</span>
        <span className="block text-ink-2 text-sm">{row.statement}</span>
        <span className="block text-ink-3 text-xs">
          {row.resolution === null ? trustSentence(row.trustReason) : `Decided: ${row.resolution}`}
        </span>
      </span>
    ),
  },
  { id: "status", header: "Status", from: "md", cell: (row) => <DisputeStatus status={row.status} /> },
  actionColumn((row) =>
    row.status !== "open" ? null : (
      <span className="flex flex-wrap justify-end gap-2">
        <Opener
          trigger={
            <Button size="sm" variant="ghost">
              Keep out
            </Button>
          }
        >
          {(popup) => <DecideDialog {...popup} dispute={row} decision="uphold" />}
        </Opener>
        <Opener trigger={<Button size="sm">Lift</Button>}>
          {(popup) => <DecideDialog {...popup} dispute={row} decision="reverse" />}
        </Opener>
      </span>
    ),
  ),
];

function Disputes() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.nodeAdmin.listDisputes.infiniteQueryOptions(
      { limit: 10 },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  return (
    <PagedCard
      title="Disputes"
      query={query}
      columns={DISPUTE_COLUMNS}
      rowKey={(row) => row.id}
      skeletonRows={1}
      empty={<EmptyState title="No dispute">A provider whose node is suspended can object here.</EmptyState>}
    />
  );
}

function Challenges() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.nodeAdmin.listChallenges.infiniteQueryOptions(
      { limit: 20 },
      { getNextPageParam: nextPage, refetchInterval: every(5_000) },
    ),
  );
  return (
    <PagedCard
      title="Tests"
      description="Newest first, those under way among them."
      query={query}
      columns={CHALLENGE_COLUMNS}
      rowKey={(row) => row.id}
      skeletonRows={3}
      empty={<EmptyState title="Nothing tested yet">A node is tested within its first minute.</EmptyState>}
    />
  );
}

export function NodesView() {
  return (
    <div className="flex flex-col gap-6">
      <Disputes />
      <Nodes />
      <StakeClaims />
      <Challenges />
    </div>
  );
}
