import { z } from "zod";
import { agentId } from "#core/schemas/agent.ts";
import { agreePolicyInput } from "#core/schemas/approval.ts";
import { policyTemplatesOutput } from "#core/schemas/policy-template.ts";
import {
  changePolicyInput,
  policyPreviewOutput,
  policyVersionInput,
  policyVersionOutput,
  policyVersionsOutput,
  preparedPolicyOutput,
} from "#core/schemas/policy-version.ts";
import { previewPolicy } from "#server/agents/preview-policy.ts";
import { agreeToPolicy } from "#server/wallets/policies/policy-agreements.ts";
import { listPolicyTemplates } from "#server/wallets/policies/policy-templates.ts";
import {
  listPolicies,
  preparePolicy,
  proposePolicy,
  withdrawPolicy,
} from "#server/wallets/policies/policy-versions.ts";
import { scoped, userProcedure } from "../trpc.ts";

const tags = ["Agents"];

/** The policies of agents, and what they begin with: a part of their router. */
export const policyProcedures = {
  listPolicyTemplates: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/policy-templates",
        tags,
        summary: "What a new agent's policy may begin with",
        description:
          "A template names nobody and no date. To make an agent from it: `validDays` becomes `validUntil`; a rule `trade` becomes rules and caps for what is traded on this chain; your payees are added.",
        protect: true,
      },
    })
    .input(z.void())
    .output(policyTemplatesOutput)
    .query(() => listPolicyTemplates()),

  listPolicies: scoped("agents:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/agents/{id}/policies",
        tags,
        summary: "All versions of the agent's policy",
        protect: true,
      },
    })
    .input(z.strictObject({ id: agentId }))
    .output(policyVersionsOutput)
    .query(({ ctx, input }) => listPolicies(ctx.actor, input)),

  previewPolicy: scoped("agents:read")
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/policies/preview",
        tags,
        summary: "What a policy would change, and would have changed in the last 30 days",
        description:
          "Each past action and purchase is judged by the time and the noted prices of its own moment, guards included. An action above the amount of `approvals` would have waited. What a guard cannot be tried on is counted in `untried`: no price was noted, nothing was kept of a trial (`outcome`), or of a refused payment.",
        protect: true,
      },
    })
    .input(changePolicyInput)
    .output(policyPreviewOutput)
    .mutation(({ ctx, input }) => previewPolicy(ctx.actor, input)),

  proposePolicy: scoped("agents:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/policies",
        tags,
        summary: "Change the policy: narrower at once, wider when its time has come",
        protect: true,
      },
    })
    .input(changePolicyInput)
    .output(policyVersionOutput)
    .mutation(({ ctx, input }) => proposePolicy(ctx.actor, input)),

  preparePolicy: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/policies/{number}/grant",
        tags,
        summary: "Prepare the owner's operation that gives the contract this version",
        protect: true,
      },
    })
    .input(policyVersionInput)
    .output(preparedPolicyOutput)
    .mutation(({ ctx, input }) => preparePolicy(ctx.actor, input)),

  withdrawPolicy: scoped("agents:write")
    .meta({
      openapi: {
        method: "DELETE",
        path: "/agents/{id}/policies/{number}",
        tags,
        summary: "Give up a version that is not on the chain yet",
        protect: true,
      },
    })
    .input(policyVersionInput)
    .output(policyVersionOutput)
    .mutation(({ ctx, input }) => withdrawPolicy(ctx.actor, input)),

  agreeToPolicy: userProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/agents/{id}/policies/{number}/agree",
        tags,
        summary: "Agree to a change of somebody's policy that asks for you",
        protect: true,
      },
    })
    .input(agreePolicyInput)
    .output(z.object({ agreed: z.int(), needed: z.int() }))
    .mutation(({ ctx, input }) => agreeToPolicy(ctx.actor, input)),
};
