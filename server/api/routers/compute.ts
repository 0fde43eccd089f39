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
import {
  priceHistoryInput,
  priceHistoryOutput,
  providerSummary,
  rentalFilter,
  rentalsOutput,
} from "#core/schemas/market.ts";
import { pageInput } from "#core/schemas/page.ts";
import { stakeView } from "#core/schemas/stake.ts";
import { challengesOutput, disputesOutput, disputeView, openDisputeInput } from "#core/schemas/trust.ts";
import { createJoinToken } from "#server/compute/create-join-token.ts";
import { getReceipt } from "#server/compute/get-receipt.ts";
import { listInferences } from "#server/compute/list-inferences.ts";
import { listMarket } from "#server/compute/list-market.ts";
import { listModels } from "#server/compute/list-models.ts";
import { listMyNodes, listNodes, removeNode } from "#server/compute/list-nodes.ts";
import { priceHistory } from "#server/compute/price-history.ts";
import { getProviderSummary } from "#server/compute/provider-summary.ts";
import { getStake } from "#server/compute/stake/stakes.ts";
import { listMyDisputes, openDispute } from "#server/compute/trust/disputes.ts";
import { listMyChallenges } from "#server/compute/trust/list-challenges.ts";
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

  listRentals: publicProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/rentals",
        tags,
        summary:
          "Machines that can be rented by the hour now, by price, measured speed, speed per dollar or reliability",
      },
    })
    .input(rentalFilter)
    .output(rentalsOutput)
    .query(({ input }) => listMarket(input)),

  priceHistory: publicProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/prices",
        tags,
        summary: "The lowest price of a GPU's hour, a core's hour or a model's tokens, hour by hour",
      },
    })
    .input(priceHistoryInput)
    .output(priceHistoryOutput)
    .query(({ input }) => priceHistory(input)),

  providerSummary: scoped("compute:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/nodes/summary",
        tags,
        summary: "What you earned as a provider, and how your nodes are used",
        protect: true,
      },
    })
    .input(z.void())
    .output(providerSummary)
    .query(({ ctx }) => getProviderSummary(ctx.actor)),

  stake: scoped("compute:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/nodes/stake",
        tags,
        summary: "What stands behind your nodes on the chain, and the claims on it",
        protect: true,
      },
    })
    .input(z.void())
    .output(stakeView)
    .query(({ ctx }) => getStake(ctx.actor)),

  listChallenges: scoped("compute:write")
    .meta({
      openapi: {
        method: "GET",
        path: "/nodes/challenges",
        tags,
        summary: "The finished tests of your nodes, and what they found",
        protect: true,
      },
    })
    .input(pageInput)
    .output(challengesOutput)
    .query(({ ctx, input }) => listMyChallenges(ctx.actor, input)),

  listDisputes: scoped("compute:write")
    .meta({
      openapi: { method: "GET", path: "/disputes", tags, summary: "Your objections to suspensions", protect: true },
    })
    .input(pageInput)
    .output(disputesOutput)
    .query(({ ctx, input }) => listMyDisputes(ctx.actor, input)),

  openDispute: scoped("compute:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/disputes",
        tags,
        summary: "Object to the suspension of one of your nodes",
        protect: true,
      },
    })
    .input(openDisputeInput)
    .output(disputeView)
    .mutation(({ ctx, input }) => openDispute(ctx.actor, input)),

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
