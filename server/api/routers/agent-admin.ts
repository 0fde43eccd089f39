import { z } from "zod";
import {
  adminAgentOutput,
  adminAgentsInput,
  agentIdInput,
  signerHealthOutput,
  stopAgentInput,
} from "#core/schemas/agent-admin.ts";
import { pageOf } from "#core/schemas/page.ts";
import { listAllAgents, releaseAgent, signerHealth, stopOneAgent } from "#server/wallets/agent-admin.ts";
import { adminProcedure, router } from "../trpc.ts";

const tags = ["Admin"];
const changed = z.object({ id: z.string() });

/** The back office of the agents. */
export const agentAdminRouter = router({
  list: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/agents",
        tags,
        summary: "Everybody's agents and what holds them",
        protect: true,
      },
    })
    .input(adminAgentsInput)
    .output(pageOf(adminAgentOutput))
    .query(({ input }) => listAllAgents(input)),

  stop: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/agents/{id}/stop",
        tags,
        summary: "Stop one agent at the signer",
        protect: true,
      },
    })
    .input(stopAgentInput)
    .output(changed)
    .mutation(({ ctx, input }) => stopOneAgent(ctx.actor, input)),

  release: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/agents/{id}/release",
        tags,
        summary: "Let an agent go on that was stopped by hand",
        protect: true,
      },
    })
    .input(agentIdInput)
    .output(changed)
    .mutation(({ ctx, input }) => releaseAgent(ctx.actor, input)),

  signer: adminProcedure
    .meta({
      openapi: { method: "GET", path: "/admin/signer", tags, summary: "Whether the signer answers", protect: true },
    })
    .input(z.void())
    .output(signerHealthOutput)
    .query(() => signerHealth()),
});
