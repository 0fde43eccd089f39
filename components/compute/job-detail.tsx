"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, RotateCcw, Square } from "lucide-react";
import { useRouter } from "next/navigation";
import { lazy, Suspense } from "react";
import { isJobOver, type JobView, type LeaseView } from "#core/schemas/job.ts";
import { every } from "../api/every.ts";
import { notifyError } from "../api/notify-error.ts";
import { QueryError } from "../api/query-error.tsx";
import { useTRPC } from "../api/trpc.ts";
import { Amount } from "../money/amount.tsx";
import { amountColumn } from "../money/amount-column.tsx";
import { PageHeader } from "../shell/page-header.tsx";
import { Button } from "../ui/button.tsx";
import { buttonClass } from "../ui/button-class.ts";
import { Card, CardHeader } from "../ui/card.tsx";
import { CardSkeleton } from "../ui/card-skeleton.tsx";
import { numberColumn } from "../ui/columns.tsx";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { type Column, DataTable } from "../ui/data-table.tsx";
import { Identifier } from "../ui/identifier.tsx";
import { Stat, StatGroup } from "../ui/stat.tsx";
import { Time } from "../ui/time.tsx";
import { JobLog } from "./job-log.tsx";
import { endWords, JobStatus } from "./job-status.tsx";

const JobMetricsCard = lazy(() => import("./job-metrics.tsx"));
const LIVE_MS = 1_000;
const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** A moment that may not have come yet. */
const momentColumn = (header: string, at: (lease: LeaseView) => string | null): Column<LeaseView> => ({
  id: header.toLowerCase(),
  header,
  from: "md",
  cell: (lease) => {
    const moment = at(lease);
    return moment === null ? <span className="text-ink-3">–</span> : <Time iso={moment} />;
  },
});

const LEASE_COLUMNS: readonly Column<LeaseView>[] = [
  { id: "node", header: "Node", cell: (lease) => <Identifier value={lease.nodeId} label="Node" /> },
  { id: "runner", header: "Under", from: "sm", cell: (lease) => lease.runner },
  { id: "status", header: "Lease", from: "sm", cell: (lease) => lease.status },
  momentColumn("Ready", (lease) => lease.readyAt),
  momentColumn("Released", (lease) => lease.releasedAt),
  amountColumn("An hour", (lease) => lease.pricePerHour, { from: "sm" }),
  numberColumn("Seconds", (lease) => lease.billedSeconds),
  amountColumn("Charged", (lease) => lease.charged),
];

const ARTIFACT_COLUMNS = (id: string): readonly Column<JobView["artifacts"][number]>[] => [
  { id: "path", header: "File", cell: (file) => <span className="break-all font-mono">{file.path}</span> },
  numberColumn("Bytes", (file) => number.format(file.bytes)),
  { id: "hash", header: "SHA-256", from: "md", cell: (file) => <Identifier value={file.blob} label="SHA-256" /> },
  {
    id: "get",
    header: "Download",
    isHeaderHidden: true,
    align: "right",
    cell: (file) => (
      <a
        href={`/api/v1/jobs/${id}/artifacts/${file.path.split("/").map(encodeURIComponent).join("/")}`}
        download
        className={buttonClass({ variant: "ghost", size: "sm" })}
      >
        <Download aria-hidden /> <span className="sr-only sm:not-sr-only">Download</span>
      </a>
    ),
  },
];

function JobActions({ job }: { job: JobView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const router = useRouter();
  const refresh = () => queryClient.invalidateQueries({ queryKey: trpc.job.pathKey() });
  const cancel = useMutation(
    trpc.job.cancel.mutationOptions({
      onSuccess: refresh,
      onError: (error) => notifyError("The job could not be cancelled", error),
    }),
  );
  const retry = useMutation(
    trpc.job.retry.mutationOptions({
      onSuccess: async (made) => {
        await refresh();
        router.push(`/compute/jobs/${made.id}`);
      },
      onError: (error) => notifyError("The job could not be run again", error),
    }),
  );
  if (isJobOver(job.status))
    return (
      <Button isPending={retry.isPending} onClick={() => retry.mutate({ id: job.id, fromCheckpoint: true })}>
        <RotateCcw aria-hidden /> Run it again
      </Button>
    );
  return (
    <ConfirmDialog
      title="Cancel this job?"
      confirmLabel="Cancel the job"
      onConfirm={() => cancel.mutate({ id: job.id })}
      trigger={
        <Button isPending={cancel.isPending}>
          <Square aria-hidden /> Cancel
        </Button>
      }
    >
      The meter stops at once and what is left of the money set aside is free again. Files that were not delivered yet
      are lost; a checkpoint stays.
    </ConfirmDialog>
  );
}

/** One job: what the meter does now, what it has cost, what it writes, and what came of it. */
export function JobDetail({ id }: { id: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.job.get.queryOptions({ id }, { refetchInterval: every(LIVE_MS) }));
  const { data: job } = query;
  if (query.isError && !job)
    return <QueryError error={query.error} what="The job" onRetry={() => void query.refetch()} />;
  if (!job) return <CardSkeleton rows={6} />;
  const left = BigInt(job.reserved) - BigInt(job.charged);
  const why = job.waitingFor ?? endWords(job.endReason);
  return (
    <>
      <PageHeader
        mark="bg-compute"
        title={job.name}
        description={why ?? "A program on a rented machine."}
        action={<JobActions job={job} />}
      />
      <div className="flex flex-col gap-6">
        <StatGroup columns={3}>
          <Stat
            label="Now"
            value={<JobStatus status={job.status} />}
            detail={job.exitCode === null ? "" : `Exit code ${job.exitCode}`}
          />
          <Stat
            label={isJobOver(job.status) ? "Cost" : "Cost so far"}
            value={<Amount units={job.charged} asset={job.asset} />}
            detail={job.billedSeconds === 1 ? "1 second" : `${job.billedSeconds} seconds`}
          />
          <Stat
            label={isJobOver(job.status) ? "Given back" : "Still set aside"}
            value={<Amount units={left.toString()} asset={job.asset} />}
            detail={job.pricePerHour ? "By the second, at the node’s price" : "Nothing runs yet"}
          />
        </StatGroup>
        <Card>
          <CardHeader title="Log" description={job.spec.command.join(" ").slice(0, 160)} />
          <JobLog id={job.id} />
        </Card>
        <Suspense fallback={null}>
          <JobMetricsCard id={job.id} status={job.status} />
        </Suspense>
        {job.artifacts.length > 0 && (
          <Card>
            <CardHeader title="Files" description="Named by the hash of their content." />
            <DataTable
              caption="Files"
              columns={ARTIFACT_COLUMNS(job.id)}
              rows={job.artifacts}
              rowKey={(file) => file.path}
            />
          </Card>
        )}
        {job.leases.length > 0 && (
          <Card>
            <CardHeader
              title="Where it ran"
              description="Seconds count between ready and released, never before or after."
            />
            <DataTable caption="Leases" columns={LEASE_COLUMNS} rows={job.leases} rowKey={(lease) => lease.id} />
          </Card>
        )}
      </div>
    </>
  );
}
