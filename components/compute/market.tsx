"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ModelView, NodeView } from "#core/schemas/compute.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard, QueryCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { amountColumn } from "../money/amount-column.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { actionColumn, numberColumn, timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { describeHardware } from "./describe-hardware.ts";
import { NodeStatus } from "./node-status.tsx";
import { NodeTrustStatus } from "./node-trust.tsx";

const LIVE_MS = 5_000;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

const MODEL_COLUMNS: readonly Column<ModelView>[] = [
  {
    id: "model",
    header: "Model",
    cell: (model) => <span className="whitespace-nowrap font-mono">{model.id}</span>,
    skeletonWidth: "w-32",
  },
  numberColumn("Nodes", (model) => model.nodesOnline, { from: "sm" }),
  numberColumn("Context", (model) => number.format(model.contextTokens), { from: "md" }),
  amountColumn("In, per 1M", (model) => model.inputPriceMin, { from: "sm" }),
  amountColumn("Out, per 1M", (model) => model.outputPriceMin),
  {
    id: "counting",
    header: "Counted by",
    from: "lg",
    cell: (model) => <span className="text-ink-2">{model.countingMethod}</span>,
    skeletonWidth: "w-40",
  },
  actionColumn(
    (model) => (
      <Link
        href={`/compute?tab=playground&model=${encodeURIComponent(model.id)}`}
        className={buttonClass({ variant: "ghost", size: "sm" })}
      >
        Try
      </Link>
    ),
    { id: "try", header: "Try" },
  ),
];

export const NODE_COLUMNS: readonly Column<NodeView>[] = [
  {
    id: "name",
    header: "Node",
    cell: (node) => (
      <span className="block min-w-0">
        <span className="block truncate font-medium">{node.name}</span>
        <span className="block truncate text-ink-3 text-xs">{describeHardware(node.hardware)}</span>
      </span>
    ),
    skeletonWidth: "w-32",
  },
  { id: "status", header: "Status", cell: (node) => <NodeStatus status={node.status} /> },
  { id: "trust", header: "Tests", from: "md", cell: (node) => <NodeTrustStatus trust={node.trust} /> },
  {
    id: "models",
    header: "Serves",
    from: "md",
    cell: (node) => <span className="font-mono text-ink-2">{node.offers.map((offer) => offer.model).join(", ")}</span>,
    skeletonWidth: "w-28",
  },
  {
    id: "speed",
    header: "Speed",
    align: "right",
    cell: (node) =>
      node.tokensPerSecond === null ? (
        <span className="text-ink-3">Not measured</span>
      ) : (
        <span className="tabular whitespace-nowrap">{number.format(node.tokensPerSecond)} tok/s</span>
      ),
  },
  {
    id: "first",
    header: "First token",
    align: "right",
    from: "lg",
    cell: (node) =>
      node.firstTokenMs === null ? (
        <span className="text-ink-3">–</span>
      ) : (
        <span className="tabular">{number.format(node.firstTokenMs)} ms</span>
      ),
  },
  {
    id: "load",
    header: "Busy",
    align: "right",
    from: "sm",
    cell: (node) => (
      <span className="tabular">
        {node.inFlight}/{node.capacity}
      </span>
    ),
  },
  timeColumn("Seen", (node) => node.lastSeenAt, { align: "right", from: "md" }),
];

/** What can be rented now, from whom, at what price and measured speed. */
export function Market() {
  const trpc = useTRPC();
  const models = useQuery(trpc.compute.listModels.queryOptions(undefined, { refetchInterval: every(LIVE_MS) }));
  const nodes = useInfiniteQuery(
    trpc.compute.listNodes.infiniteQueryOptions(
      { limit: 25 },
      { getNextPageParam: nextPage, refetchInterval: every(LIVE_MS) },
    ),
  );
  return (
    <div className="flex flex-col gap-6">
      <QueryCard
        title="Models"
        description="The lowest price at which a node serves each one now."
        query={models}
        columns={MODEL_COLUMNS}
        rowKey={(model) => model.id}
        skeletonRows={1}
        empty={
          <EmptyState title="No model is served right now">
            A model appears here as soon as a node that serves it is online.
          </EmptyState>
        }
      />
      <PagedCard
        title="Nodes"
        description="Speeds are measured by the platform on real requests, not claimed by the node."
        query={nodes}
        columns={NODE_COLUMNS}
        rowKey={(node) => node.id}
        skeletonRows={2}
        empty={
          <EmptyState title="No node yet" example="node gpu-node --url … --token …">
            A node is a machine somebody rents out. One command joins it; the tab “Provide” gives you that command.
          </EmptyState>
        }
      />
    </div>
  );
}
