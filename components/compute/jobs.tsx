"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Play, Sparkles } from "lucide-react";
import Link from "next/link";
import { lazy } from "react";
import type { JobView } from "#core/schemas/job.ts";
import { every } from "../api/every.ts";
import { nextPage } from "../api/next-page.ts";
import { PagedCard } from "../api/query-table.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { Button } from "../ui/button.tsx";
import { numberColumn, timeColumn } from "../ui/columns.tsx";
import type { Column } from "../ui/data-table.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Opener } from "../ui/opener.tsx";
import { JobStatus } from "./job-status.tsx";

const RunJob = lazy(() => import("./run-job.tsx"));
const TrainModel = lazy(() => import("./train-model.tsx"));

type Row = Omit<JobView, "leases" | "artifacts">;

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "name",
    header: "Job",
    cell: (job) => (
      <Link
        href={`/compute/jobs/${job.id}`}
        className="block max-w-56 truncate font-medium underline-offset-4 hover:underline"
      >
        {job.name}
      </Link>
    ),
    skeletonWidth: "w-32",
  },
  { id: "status", header: "Status", cell: (job) => <JobStatus status={job.status} /> },
  numberColumn("Seconds", (job) => job.billedSeconds, { from: "sm" }),
  {
    id: "cost",
    header: "Cost so far",
    align: "right",
    cell: (job) => <Amount units={job.charged} asset={job.asset} />,
  },
  timeColumn("Made", (job) => job.createdAt, { align: "right", from: "md" }),
];

const actions = (
  <div className="flex flex-wrap gap-2">
    <Opener
      trigger={
        <Button>
          <Sparkles aria-hidden /> Train a model
        </Button>
      }
    >
      {(popup) => <TrainModel {...popup} />}
    </Opener>
    <Opener
      trigger={
        <Button variant="primary">
          <Play aria-hidden /> Run a job
        </Button>
      }
    >
      {(popup) => <RunJob {...popup} />}
    </Opener>
  </div>
);

export default function Jobs() {
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.job.list.infiniteQueryOptions({ limit: 25 }, { getNextPageParam: nextPage, refetchInterval: every(2_000) }),
  );
  return (
    <PagedCard
      title="Your jobs"
      description="Programs on rented machines, metered by the second between ready and released."
      action={actions}
      query={query}
      what="Jobs"
      columns={COLUMNS}
      rowKey={(job) => job.id}
      empty={
        <EmptyState
          title="No job yet"
          example={'curl …/api/v1/jobs -d \'{"command":["nvidia-smi"],"pricePerHourMax":"500000"}\''}
        >
          A job is a program that runs on somebody’s machine, with its files in and its results out. You see the price
          an hour and the most it can cost before anything is set aside.
        </EmptyState>
      }
    />
  );
}
