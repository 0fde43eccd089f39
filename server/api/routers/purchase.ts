import { withdrawalOutput } from "#core/schemas/account.ts";
import { fundAgentInput } from "#core/schemas/agent.ts";
import { pageOf } from "#core/schemas/page.ts";
import { buyInput, listPurchasesInput, purchaseInput, purchaseOutput } from "#core/schemas/purchase.ts";
import { buyAsAgent, getPurchase, listPurchases } from "#server/agents/purchases.ts";
import { fillPurse } from "#server/wallets/pause-agent.ts";
import { router, scoped, userProcedure } from "../trpc.ts";

const tags = ["Agents"];

export const purchaseRouter = router({
  buy: scoped("agents:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/purchases",
        tags,
        summary: "Let the agent buy one answer of a third party by x402",
        protect: true,
      },
    })
    .input(buyInput)
    .output(purchaseOutput)
    .mutation(({ ctx, input }) => buyAsAgent(ctx.actor, { ...input, key: ctx.idempotencyKey ?? undefined })),

  list: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/agents/{id}/purchases",
        tags,
        summary: "What the agent bought by x402",
        protect: true,
      },
    })
    .input(listPurchasesInput)
    .output(pageOf(purchaseOutput))
    .query(({ ctx, input }) => listPurchases(ctx.actor, input)),

  get: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/agents/{id}/purchases/{purchaseId}",
        tags,
        summary: "One purchase, and whether its payment was taken",
        protect: true,
      },
    })
    .input(purchaseInput)
    .output(purchaseOutput)
    .query(({ ctx, input }) => getPurchase(ctx.actor, input)),

  fillPurse: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/purse",
        tags,
        summary: "Move money from your balance to the agent's purse, from which it buys",
        protect: true,
      },
    })
    .input(fundAgentInput)
    .output(withdrawalOutput)
    .mutation(({ ctx, input }) => fillPurse(ctx.actor, { ...input, key: ctx.idempotencyKey ?? undefined })),
});
