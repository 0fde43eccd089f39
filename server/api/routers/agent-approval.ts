import { z } from "zod";
import { activityOutput } from "#core/schemas/agent.ts";
import { approvalRequestsOutput, approveInput, rejectInput } from "#core/schemas/approval.ts";
import { approveAction, listApprovals, rejectAction } from "#server/wallets/approvals.ts";
import { userProcedure } from "../trpc.ts";

const tags = ["Agents"];

/** What waits for people: a part of the agents' router. */
export const approvalProcedures = {
  listApprovals: userProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/approvals",
        tags,
        summary: "Actions of agents that wait for approval, yours among them",
        protect: true,
      },
    })
    .input(z.void())
    .output(approvalRequestsOutput)
    .query(({ ctx }) => listApprovals(ctx.actor)),

  approve: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/approvals/{id}/approve",
        tags,
        summary: "Approve one operation with your signature",
        protect: true,
      },
    })
    .input(approveInput)
    .output(activityOutput)
    .mutation(({ ctx, input }) => approveAction(ctx.actor, input)),

  reject: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/approvals/{id}/reject",
        tags,
        summary: "Say no to an operation that waits",
        protect: true,
      },
    })
    .input(rejectInput)
    .output(activityOutput)
    .mutation(({ ctx, input }) => rejectAction(ctx.actor, input)),
};
