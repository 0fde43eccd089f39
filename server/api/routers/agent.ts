import { z } from "zod";
import { withdrawalOutput } from "#core/schemas/account.ts";
import { actionInput, actionOutput } from "#core/schemas/action.ts";
import {
  activityOutput,
  agentCallsInput,
  agentDetailOutput,
  agentId,
  agentOutput,
  armBreakerInput,
  breakersOutput,
  confirmAgentInput,
  createAgentInput,
  createAgentOutput,
  depositInput,
  explanationOutput,
  exportKeyInput,
  fundAgentInput,
  importSlotOutput,
  listActivityInput,
  payInput,
  paymentId,
  prepareExportInput,
  prepareExportOutput,
  resumeOutput,
  sealedKeyOutput,
  setBreakerInput,
  simulateInput,
  simulationOutput,
  stopAgentsInput,
  stopAgentsOutput,
  tripBreakerInput,
} from "#core/schemas/agent.ts";
import { pageInput, pageOf } from "#core/schemas/page.ts";
import { callAsAgent, depositAsAgent, getPayment, payAsAgent, simulateAsAgent } from "#server/wallets/act-as-agent.ts";
import { armBreaker, listBreakers, setBreaker, stopOwnAgents, tripBreaker } from "#server/wallets/breakers.ts";
import { confirmAgent, createAgent, prepareGrant } from "#server/wallets/create-agent.ts";
import { explainAction } from "#server/wallets/explain-action.ts";
import { exportKey, prepareExport } from "#server/wallets/export-key.ts";
import { getAction } from "#server/wallets/get-action.ts";
import { getAgent, listActivity, listAgents } from "#server/wallets/get-agents.ts";
import { prepareImport } from "#server/wallets/import-key.ts";
import { fundAgent, pauseAgent, resumeAgent } from "#server/wallets/pause-agent.ts";
import { router, scoped, userProcedure } from "../trpc.ts";
import { approvalProcedures } from "./agent-approval.ts";
import { policyProcedures } from "./agent-policy.ts";

const tags = ["Agents"];
const byId = z.strictObject({ id: agentId });

export const agentRouter = router({
  ...policyProcedures,
  ...approvalProcedures,

  listAgents: scoped("agents:read")
    .meta({ openapi: { method: "GET", path: "/agents", tags, summary: "Your agents", protect: true } })
    .input(pageInput)
    .output(pageOf(agentOutput))
    .query(({ ctx, input }) => listAgents(ctx.actor, input)),

  getAgent: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/agents/{id}",
        tags,
        summary: "One agent, its limits and its money",
        protect: true,
      },
    })
    .input(byId)
    .output(agentDetailOutput)
    .query(({ ctx, input }) => getAgent(ctx.actor, input)),

  createAgent: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents",
        tags,
        summary: "Create an agent under a policy; answers what its owner signs",
        protect: true,
      },
    })
    .input(createAgentInput)
    .output(createAgentOutput)
    .mutation(({ ctx, input }) => createAgent(ctx.actor, input)),

  prepareImport: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/import",
        tags,
        summary: "Where you seal a key of your own for an agent that you then create with it",
        description:
          "Good for ten minutes. Seal the key's 32 bytes to `recipient` (ECDH on P-256, HKDF-SHA-256 with the info `converge key import`, AES-256-GCM; the additional data is the JSON list of agentId, account, chainId, expiresAt and the key's address, both addresses in lower case) and send it with `POST /agents` as `importedKey`.",
        protect: true,
      },
    })
    .input(z.void())
    .output(importSlotOutput)
    .mutation(({ ctx }) => prepareImport(ctx.actor)),

  prepareGrant: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/grant",
        tags,
        summary: "Prepare the owner's grant again",
        protect: true,
      },
    })
    .input(byId)
    .output(createAgentOutput)
    .mutation(({ ctx, input }) => prepareGrant(ctx.actor, input)),

  confirmAgent: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/confirm",
        tags,
        summary: "Send the grant with the owner's signature",
        protect: true,
      },
    })
    .input(confirmAgentInput)
    .output(agentOutput)
    .mutation(({ ctx, input }) => confirmAgent(ctx.actor, input)),

  fundAgent: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/fund",
        tags,
        summary: "Move money from your balance to the agent's account",
        protect: true,
      },
    })
    .input(fundAgentInput)
    .output(withdrawalOutput)
    .mutation(({ ctx, input }) => fundAgent(ctx.actor, { ...input, key: ctx.idempotencyKey ?? undefined })),

  pay: scoped("agents:write")
    .meta({
      openapi: { method: "POST", path: "/agents/{id}/payments", tags, summary: "Let the agent pay", protect: true },
    })
    .input(payInput)
    .output(activityOutput)
    .mutation(({ ctx, input }) => payAsAgent(ctx.actor, { ...input, key: ctx.idempotencyKey ?? undefined })),

  listPayments: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/agents/{id}/payments",
        tags,
        summary: "What the agent did and was refused",
        protect: true,
      },
    })
    .input(listActivityInput)
    .output(pageOf(activityOutput))
    .query(({ ctx, input }) => listActivity(ctx.actor, input)),

  getPayment: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/agents/{id}/payments/{paymentId}",
        tags,
        summary: "One payment and how far it is",
        protect: true,
      },
    })
    .input(z.strictObject({ id: agentId, paymentId }))
    .output(activityOutput)
    .query(({ ctx, input }) => getPayment(ctx.actor, input)),

  getAction: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/agents/{id}/actions/{actionId}",
        tags,
        summary: "One action from who asked to what came of it",
        protect: true,
      },
    })
    .input(actionInput)
    .output(actionOutput)
    .query(({ ctx, input }) => getAction(ctx.actor, input)),

  deposit: scoped("agents:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/deposits",
        tags,
        summary: "Let the agent fill its own balance, to buy inference",
        protect: true,
      },
    })
    .input(depositInput)
    .output(activityOutput)
    .mutation(({ ctx, input }) => depositAsAgent(ctx.actor, { ...input, key: ctx.idempotencyKey ?? undefined })),

  callContracts: scoped("agents:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/calls",
        tags,
        summary: "Let the agent make calls its policy allows",
        protect: true,
      },
    })
    .input(agentCallsInput)
    .output(activityOutput)
    .mutation(({ ctx, input }) => callAsAgent(ctx.actor, { ...input, key: ctx.idempotencyKey ?? undefined })),

  listBreakers: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/agents/{id}/breakers",
        tags,
        summary: "What stops the agent by itself, and what it measures now",
        protect: true,
      },
    })
    .input(byId)
    .output(breakersOutput)
    .query(({ ctx, input }) => listBreakers(ctx.actor, input)),

  setBreaker: userProcedure
    .meta({
      openapi: {
        method: "PUT",
        path: "/agents/{id}/breakers",
        tags,
        summary: "Set what a breaker trips at",
        protect: true,
      },
    })
    .input(setBreakerInput)
    .output(breakersOutput)
    .mutation(({ ctx, input }) => setBreaker(ctx.actor, input)),

  tripBreaker: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/breakers/trip",
        tags,
        summary: "Stop the agent at the signer now",
        protect: true,
      },
    })
    .input(tripBreakerInput)
    .output(breakersOutput)
    .mutation(({ ctx, input }) => tripBreaker(ctx.actor, input)),

  prepareExport: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/key/prepare",
        tags,
        summary: "What the owner signs to take the agent's key, sealed to a public key of theirs",
        protect: true,
      },
    })
    .input(prepareExportInput)
    .output(prepareExportOutput)
    .mutation(({ ctx, input }) => prepareExport(ctx.actor, input)),

  exportKey: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/key",
        tags,
        summary: "Take the agent's key, sealed: nobody between signer and owner can open it",
        protect: true,
      },
    })
    .input(exportKeyInput)
    .output(sealedKeyOutput)
    .mutation(({ ctx, input }) => exportKey(ctx.actor, input)),

  stopAll: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/stop",
        tags,
        summary: "Stop all your agents at the signer now",
        protect: true,
      },
    })
    .input(stopAgentsInput)
    .output(stopAgentsOutput)
    .mutation(({ ctx, input }) => stopOwnAgents(ctx.actor, input)),

  armBreaker: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/breakers/arm",
        tags,
        summary: "Arm a tripped breaker again",
        protect: true,
      },
    })
    .input(armBreakerInput)
    .output(breakersOutput)
    .mutation(({ ctx, input }) => armBreaker(ctx.actor, input)),

  explain: scoped("agents:read")
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/explain",
        tags,
        summary: "What would become of an action, and what to change; nothing is sent",
        protect: true,
      },
    })
    .input(simulateInput)
    .output(explanationOutput)
    .mutation(({ ctx, input }) => explainAction(ctx.actor, input)),

  simulate: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/simulate",
        tags,
        summary: "Ask the chain alone what it would say, past the signer",
        protect: true,
      },
    })
    .input(simulateInput)
    .output(simulationOutput)
    .mutation(({ ctx, input }) => simulateAsAgent(ctx.actor, input)),

  pause: userProcedure
    .meta({
      openapi: { method: "POST", path: "/agents/{id}/pause", tags, summary: "Stop the agent now", protect: true },
    })
    .input(byId)
    .output(agentOutput)
    .mutation(({ ctx, input }) => pauseAgent(ctx.actor, input)),

  resume: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/resume",
        tags,
        summary: "Prepare the owner's operation that resumes the agent",
        protect: true,
      },
    })
    .input(byId)
    .output(resumeOutput)
    .mutation(({ ctx, input }) => resumeAgent(ctx.actor, input)),
});
