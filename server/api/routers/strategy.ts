import { z } from "zod";
import { agentId } from "#core/schemas/agent.ts";
import { pageOf } from "#core/schemas/page.ts";
import {
  backtestInput,
  backtestOutput,
  createStrategyInput,
  decisionOutput,
  listDecisionsInput,
  marketOutput,
  portfolioInput,
  portfolioOutput,
  setStrategyInput,
  strategiesOutput,
  strategyOutput,
} from "#core/schemas/strategy.ts";
import { getPortfolio } from "#server/agents/portfolio.ts";
import { runBacktest } from "#server/agents/run-backtest.ts";
import { createStrategy, getMarket, listDecisions, listStrategies, setStrategy } from "#server/agents/strategies.ts";
import { router, scoped, userProcedure } from "../trpc.ts";

const tags = ["Strategies"];

export const strategyRouter = router({
  list: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/agents/{id}/strategies",
        tags,
        summary: "What an agent does by itself",
        protect: true,
      },
    })
    .input(z.strictObject({ id: agentId }))
    .output(strategiesOutput)
    .query(({ ctx, input }) => listStrategies(ctx.actor, input)),

  create: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/strategies",
        tags,
        summary: "Give an agent rules or a goal; a dry run unless you say live",
        protect: true,
      },
    })
    .input(createStrategyInput)
    .output(strategyOutput)
    .mutation(({ ctx, input }) => createStrategy(ctx.actor, input)),

  set: userProcedure
    .meta({
      openapi: {
        method: "PUT",
        path: "/strategies/{id}",
        tags,
        summary: "Stop a strategy, let it go on, or let it act",
        protect: true,
      },
    })
    .input(setStrategyInput)
    .output(strategyOutput)
    .mutation(({ ctx, input }) => setStrategy(ctx.actor, input)),

  listDecisions: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/strategies/{id}/decisions",
        tags,
        summary: "What a strategy decided, why, and what became of it",
        protect: true,
      },
    })
    .input(listDecisionsInput)
    .output(pageOf(decisionOutput))
    .query(({ ctx, input }) => listDecisions(ctx.actor, input)),

  backtest: scoped("agents:read")
    .meta({
      openapi: {
        method: "POST",
        path: "/strategies/backtest",
        tags,
        summary: "Try a strategy on past prices",
        protect: true,
      },
    })
    .input(backtestInput)
    .output(backtestOutput)
    .mutation(({ input }) => runBacktest(input)),

  market: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/market",
        tags,
        summary: "What is traded here and what it costs",
        protect: true,
      },
    })
    .input(z.void())
    .output(marketOutput)
    .query(() => getMarket()),

  portfolio: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/agents/{id}/portfolio",
        tags,
        summary: "What an agent's account holds, and what it is worth",
        protect: true,
      },
    })
    .input(portfolioInput)
    .output(portfolioOutput)
    .query(({ ctx, input }) => getPortfolio(ctx.actor, input)),
});
