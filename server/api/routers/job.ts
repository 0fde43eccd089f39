import { z } from "zod";
import {
  jobIdInput,
  jobLog,
  jobMetrics,
  jobQuote,
  jobSpec,
  jobStatus,
  jobsOutput,
  jobView,
} from "#core/schemas/job.ts";
import { createTrainingInput } from "#core/schemas/training.ts";
import { cancelJob, retryJob } from "#server/compute/jobs/cancel-job.ts";
import { createJob } from "#server/compute/jobs/create-job.ts";
import { createTraining } from "#server/compute/jobs/create-training.ts";
import { getJob, listJobs } from "#server/compute/jobs/get-job.ts";
import { getLog, listMetrics } from "#server/compute/jobs/job-logs.ts";
import { quoteJob } from "#server/compute/jobs/quote-job.ts";
import { publicProcedure, router, scoped } from "../trpc.ts";

const tags = ["Jobs"];
const numeric = z.coerce.number().int();

export const jobRouter = router({
  quote: publicProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/jobs/quote",
        tags,
        summary: "What a job would cost, who could take it, and what stands in the way of others",
        description: "Nothing is set aside. The answer for a job that waits in the queue is the same.",
      },
    })
    .input(jobSpec)
    .output(jobQuote)
    .mutation(({ input }) => quoteJob(input)),

  create: scoped("jobs:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/jobs",
        tags,
        summary: "Run a program on a rented machine",
        description:
          "The most it can cost (pricePerHourMax for timeLimitSeconds) is set aside at once. It is metered by the second between ready and released, and the rest is free again when it ends.",
        protect: true,
      },
    })
    .input(jobSpec)
    .output(jobView)
    .mutation(({ ctx, input }) => createJob(ctx.actor, input)),

  createTraining: scoped("jobs:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/jobs/training",
        tags,
        summary: "Train a small classifier on an uploaded CSV and get it as ONNX",
        protect: true,
      },
    })
    .input(createTrainingInput)
    .output(jobView)
    .mutation(({ ctx, input }) => createTraining(ctx.actor, input)),

  list: scoped("jobs:write")
    .meta({ openapi: { method: "GET", path: "/jobs", tags, summary: "Your jobs, newest first", protect: true } })
    .input(
      z.strictObject({
        cursor: z.string().max(80).optional(),
        limit: numeric.min(1).max(100).default(20),
        status: jobStatus.optional(),
      }),
    )
    .output(jobsOutput)
    .query(({ ctx, input }) => listJobs(ctx.actor, input)),

  get: scoped("jobs:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/jobs/{id}",
        tags,
        summary: "A job with its leases, files and cost so far",
        protect: true,
      },
    })
    .input(jobIdInput)
    .output(jobView)
    .query(({ ctx, input }) => getJob(ctx.actor, input)),

  cancel: scoped("jobs:write")
    .meta({
      openapi: { method: "POST", path: "/jobs/{id}/cancel", tags, summary: "End a job now", protect: true },
    })
    .input(jobIdInput)
    .output(jobView)
    .mutation(({ ctx, input }) => cancelJob(ctx.actor, input)),

  retry: scoped("jobs:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/jobs/{id}/retry",
        tags,
        summary: "Run a job that is over once more, as a new one",
        protect: true,
      },
    })
    .input(jobIdInput.extend({ fromCheckpoint: z.boolean().default(true) }))
    .output(jobView)
    .mutation(({ ctx, input }) => retryJob(ctx.actor, input)),

  log: scoped("jobs:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/jobs/{id}/log",
        tags,
        summary: "What a job wrote, from a byte on",
        description: "`next` is where to go on. /jobs/{id}/log/stream sends it live, as server-sent events.",
        protect: true,
      },
    })
    .input(jobIdInput.extend({ from: numeric.min(0).default(0) }))
    .output(z.object({ pieces: z.array(jobLog), next: z.number() }))
    .query(({ ctx, input }) => getLog(ctx.actor, input)),

  metrics: scoped("jobs:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/jobs/{id}/metrics",
        tags,
        summary: "What a job used, over time",
        protect: true,
      },
    })
    .input(jobIdInput)
    .output(z.object({ data: z.array(jobMetrics) }))
    .query(async ({ ctx, input }) => ({ data: await listMetrics(ctx.actor, input) })),
});
