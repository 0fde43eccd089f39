import { z } from "zod";
import { pageInput } from "#core/schemas/page.ts";
import { reconciliationInput, reconciliationOutput, reconciliationsOutput } from "#core/schemas/reconciliation.ts";
import { getReconciliation, listReconciliations } from "#server/books/list-reconciliations.ts";
import { requestReconciliation } from "#server/books/request-reconciliation.ts";
import { adminProcedure, router } from "../trpc.ts";

const tags = ["Admin"];

export const reconciliationRouter = router({
  list: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/reconciliations",
        tags,
        summary: "Comparisons of ledger and chain, newest first",
        protect: true,
      },
    })
    .input(pageInput)
    .output(reconciliationsOutput)
    .query(({ input }) => listReconciliations(input)),

  get: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/reconciliations/{id}",
        tags,
        summary: "One comparison, with every difference it found",
        protect: true,
      },
    })
    .input(reconciliationInput)
    .output(reconciliationOutput)
    .query(({ input }) => getReconciliation(input)),

  request: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/reconciliations",
        tags,
        summary: "Ask for a comparison of ledger and chain",
        description: "The worker makes it. While one waits or runs, that one is the answer.",
        protect: true,
      },
    })
    .input(z.void())
    .output(reconciliationOutput)
    .mutation(async ({ ctx }) => getReconciliation(await requestReconciliation(ctx.actor.userId))),
});
