import {
  adjustmentInput,
  adjustmentOutput,
  adjustmentsOutput,
  approveAdjustmentInput,
  listAdjustmentsInput,
  proposeAdjustmentInput,
  rejectAdjustmentInput,
} from "#core/schemas/adjustment.ts";
import { approveAdjustment, rejectAdjustment } from "#server/books/decide-adjustment.ts";
import { getAdjustment, listAdjustments } from "#server/books/list-adjustments.ts";
import { proposeAdjustment } from "#server/books/propose-adjustment.ts";
import { adminProcedure, router } from "../trpc.ts";

const tags = ["Admin"];

export const adjustmentRouter = router({
  list: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/adjustments",
        tags,
        summary: "Adjustments of the ledger, newest first",
        protect: true,
      },
    })
    .input(listAdjustmentsInput)
    .output(adjustmentsOutput)
    .query(({ input }) => listAdjustments(input)),

  get: adminProcedure
    .meta({
      openapi: { method: "GET", path: "/admin/adjustments/{id}", tags, summary: "One adjustment", protect: true },
    })
    .input(adjustmentInput)
    .output(adjustmentOutput)
    .query(({ input }) => getAdjustment(input)),

  propose: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/adjustments",
        tags,
        summary: "Propose transfers that another admin may approve",
        description:
          "Nothing moves before the approval. The Vault's account is touched only with the deposit or payment on the chain that the ledger lacks, unclaimed money only with the one transfer it came with, and money from elsewhere never. Under one Idempotency-Key there is one proposal.",
        protect: true,
      },
    })
    .input(proposeAdjustmentInput)
    .output(adjustmentOutput)
    .mutation(({ ctx, input }) => proposeAdjustment(ctx.actor, input, { key: ctx.idempotencyKey })),

  approve: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/adjustments/{id}/approve",
        tags,
        summary: "Approve and post an adjustment of somebody else",
        description:
          "`contentHash` is the hash of what you read: exactly that is posted, all or none, once. When the money is not there it stays open.",
        protect: true,
      },
    })
    .input(approveAdjustmentInput)
    .output(adjustmentOutput)
    .mutation(({ ctx, input }) => approveAdjustment(ctx.actor, input)),

  reject: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/adjustments/{id}/reject",
        tags,
        summary: "Reject an adjustment of somebody else",
        protect: true,
      },
    })
    .input(rejectAdjustmentInput)
    .output(adjustmentOutput)
    .mutation(({ ctx, input }) => rejectAdjustment(ctx.actor, input)),
});
