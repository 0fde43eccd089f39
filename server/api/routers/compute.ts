import { z } from "zod";
import {
  inferencesOutput,
  joinTokenOutput,
  modelsOutput,
  nodeIdInput,
  nodesOutput,
  receiptIdInput,
  receiptOutput,
} from "#core/schemas/compute.ts";
import { pageInput } from "#core/schemas/page.ts";
import { createJoinToken } from "#server/compute/create-join-token.ts";
import { getReceipt } from "#server/compute/get-receipt.ts";
import { listInferences } from "#server/compute/list-inferences.ts";
import { listModels } from "#server/compute/list-models.ts";
import { listMyNodes, listNodes, removeNode } from "#server/compute/list-nodes.ts";
import { publicProcedure, router, scoped } from "../trpc.ts";

const tags = ["Compute"];

export const computeRouter = router({
  listNodes: publicProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/nodes",
        tags,
        summary: "Nodes, what they serve, their prices and measured speed",
      },
    })
    .input(pageInput)
    .output(nodesOutput)
    .query(({ input }) => listNodes(input)),

  listMyNodes: scoped("compute:write")
    .meta({ openapi: { method: "GET", path: "/nodes/mine", tags, summary: "Your own nodes", protect: true } })
    .input(pageInput)
    .output(nodesOutput)
    .query(({ ctx, input }) => listMyNodes(ctx.actor, input)),

  createJoinToken: scoped("compute:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/nodes/join-tokens",
        tags,
        summary: "Make a one-time token for a new node",
        protect: true,
      },
    })
    .input(z.void())
    .output(joinTokenOutput)
    .mutation(async ({ ctx }) => {
      const { expiresAt, ...made } = await createJoinToken(ctx.actor);
      return { ...made, expiresAt: expiresAt.toISOString() };
    }),

  removeNode: scoped("compute:write")
    .meta({
      openapi: { method: "DELETE", path: "/nodes/{id}", tags, summary: "Remove one of your nodes", protect: true },
    })
    .input(nodeIdInput)
    .output(z.object({ id: z.string() }))
    .mutation(({ ctx, input }) => removeNode(ctx.actor, input)),

  // REST has `GET /models` in OpenAI's own form; this one is for the console.
  listModels: publicProcedure
    .input(z.void())
    .output(modelsOutput)
    .query(() => listModels()),

  listInferences: scoped("inference:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/inferences",
        tags,
        summary: "Your completions and what each cost",
        protect: true,
      },
    })
    .input(pageInput)
    .output(inferencesOutput)
    .query(({ ctx, input }) => listInferences(ctx.actor, input)),

  getReceipt: publicProcedure
    .meta({ openapi: { method: "GET", path: "/receipts/{id}", tags, summary: "A completion's signed receipt" } })
    .input(receiptIdInput)
    .output(receiptOutput)
    .query(({ input }) => getReceipt(input.id)),
});
