import { z } from "zod";
import { adminNodesInput, adminNodesOutput } from "#core/schemas/compute.ts";
import { pageInput } from "#core/schemas/page.ts";
import { claimStakeInput, claimsOutput, dismissClaimInput, stakeClaimView } from "#core/schemas/stake.ts";
import {
  banNodeInput,
  challengesOutput,
  disputesOutput,
  disputeView,
  reinstateNodeInput,
  resolveDisputeInput,
  setReferenceInput,
} from "#core/schemas/trust.ts";
import { listAllNodes } from "#server/compute/list-nodes.ts";
import { claimStake, dismissClaim, listClaims } from "#server/compute/stake/stakes.ts";
import { banNode, reinstateNode, setReference } from "#server/compute/trust/decide-node.ts";
import { listDisputes, resolveDispute } from "#server/compute/trust/disputes.ts";
import { listChallenges } from "#server/compute/trust/list-challenges.ts";
import { adminProcedure, router } from "../trpc.ts";

const tags = ["Admin"];
const changed = z.object({ id: z.string() });

/** The back office of the compute pillar. */
export const nodeAdminRouter = router({
  listNodes: adminProcedure
    .meta({
      openapi: { method: "GET", path: "/admin/nodes", tags, summary: "All nodes and their standing", protect: true },
    })
    .input(adminNodesInput)
    .output(adminNodesOutput)
    .query(({ input }) => listAllNodes(input)),

  listChallenges: adminProcedure
    .meta({
      openapi: { method: "GET", path: "/admin/challenges", tags, summary: "All tests of all nodes", protect: true },
    })
    .input(pageInput)
    .output(challengesOutput)
    .query(({ input }) => listChallenges(input)),

  listDisputes: adminProcedure
    .meta({
      openapi: { method: "GET", path: "/admin/disputes", tags, summary: "Providers' objections", protect: true },
    })
    .input(pageInput)
    .output(disputesOutput)
    .query(({ input }) => listDisputes(input)),

  resolveDispute: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/disputes/{id}/decision",
        tags,
        summary: "Uphold or reverse a suspension",
        protect: true,
      },
    })
    .input(resolveDisputeInput)
    .output(disputeView)
    .mutation(({ ctx, input }) => resolveDispute(ctx.actor, input)),

  ban: adminProcedure
    .meta({ openapi: { method: "POST", path: "/admin/nodes/{id}/ban", tags, summary: "Ban a node", protect: true } })
    .input(banNodeInput)
    .output(changed)
    .mutation(({ ctx, input }) => banNode(ctx.actor, input)),

  reinstate: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/nodes/{id}/reinstate",
        tags,
        summary: "Let a suspended or banned node back in",
        protect: true,
      },
    })
    .input(reinstateNodeInput)
    .output(changed)
    .mutation(({ ctx, input }) => reinstateNode(ctx.actor, input)),

  listClaims: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/stake-claims",
        tags,
        summary: "Claims on providers' stakes",
        protect: true,
      },
    })
    .input(z.void())
    .output(claimsOutput)
    .query(() => listClaims()),

  claimStake: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/nodes/{nodeId}/stake-claims",
        tags,
        summary: "Claim a part of the stake behind a suspended or banned node",
        protect: true,
      },
    })
    .input(claimStakeInput)
    .output(stakeClaimView)
    .mutation(({ ctx, input }) => claimStake(ctx.actor, input)),

  dismissClaim: adminProcedure
    .meta({
      openapi: { method: "DELETE", path: "/admin/stake-claims/{id}", tags, summary: "Give a claim up", protect: true },
    })
    .input(dismissClaimInput)
    .output(stakeClaimView)
    .mutation(({ ctx, input }) => dismissClaim(ctx.actor, input)),

  setReference: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/nodes/{id}/reference",
        tags,
        summary: "Say whether a node's answers are what others are held against",
        protect: true,
      },
    })
    .input(setReferenceInput)
    .output(changed)
    .mutation(({ ctx, input }) => setReference(ctx.actor, input)),
});
