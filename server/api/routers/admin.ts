import { z } from "zod";
import { adminActionsOutput, adminOverviewSchema, adminUsersSchema } from "#core/schemas/admin.ts";
import { haltInput, haltOutput } from "#core/schemas/agent.ts";
import {
  capRemovedOutput,
  changePlatformCapInput,
  createPlatformCapInput,
  platformCapOutput,
  platformCapsOutput,
  removePlatformCapInput,
} from "#core/schemas/cap.ts";
import { pageInput } from "#core/schemas/page.ts";
import {
  approvalOutput,
  approvalsOutput,
  rejectWithdrawalInput,
  unassignedTransfersOutput,
  withdrawalInput,
} from "#core/schemas/withdrawal.ts";
import { listAdminActions } from "#server/operations/list-admin-actions.ts";
import { listUsers } from "#server/operations/list-users.ts";
import {
  changePlatformCap,
  createPlatformCap,
  listPlatformCaps,
  removePlatformCap,
} from "#server/operations/platform-caps.ts";
import { platformOverview } from "#server/operations/platform-overview.ts";
import { approveWithdrawal, listApprovals, rejectWithdrawal } from "#server/wallets/approve-withdrawal.ts";
import { getPlatformHalt, setPlatformHalt } from "#server/wallets/breakers.ts";
import { listUnassignedTransfers } from "#server/wallets/list-unassigned-transfers.ts";
import { adminProcedure, router } from "../trpc.ts";

export const adminRouter = router({
  overview: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/overview",
        tags: ["Admin"],
        summary: "The state of the platform",
        protect: true,
      },
    })
    .input(z.void())
    .output(adminOverviewSchema)
    .query(() => platformOverview()),

  agentHalt: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/agents/halt",
        tags: ["Admin"],
        summary: "Whether all agents are stopped",
        protect: true,
      },
    })
    .input(z.void())
    .output(haltOutput)
    .query(() => getPlatformHalt()),

  setAgentHalt: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/agents/halt",
        tags: ["Admin"],
        summary: "Stop all agents at the signer, or let them go on",
        protect: true,
      },
    })
    .input(haltInput)
    .output(haltOutput)
    .mutation(({ ctx, input }) => setPlatformHalt(ctx.actor, input)),

  listUsers: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/users",
        tags: ["Admin"],
        summary: "People and what they have",
        protect: true,
      },
    })
    .input(pageInput)
    .output(adminUsersSchema)
    .query(({ input }) => listUsers(input)),

  listActions: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/actions",
        tags: ["Admin"],
        summary: "What admins did, newest first; nobody can change it",
        protect: true,
      },
    })
    .input(pageInput)
    .output(adminActionsOutput)
    .query(({ input }) => listAdminActions(input)),

  listApprovals: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/withdrawals",
        tags: ["Admin"],
        summary: "Withdrawals that need an approval",
        protect: true,
      },
    })
    .input(pageInput.extend({ state: z.enum(["open", "all"]).default("all") }))
    .output(approvalsOutput)
    .query(({ input }) => listApprovals(input)),

  approveWithdrawal: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/withdrawals/{id}/approve",
        tags: ["Admin"],
        summary: "Approve a withdrawal of somebody else",
        protect: true,
      },
    })
    .input(withdrawalInput)
    .output(approvalOutput)
    .mutation(({ ctx, input }) => approveWithdrawal(ctx.actor, input)),

  rejectWithdrawal: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/withdrawals/{id}/reject",
        tags: ["Admin"],
        summary: "Reject a withdrawal of somebody else",
        protect: true,
      },
    })
    .input(rejectWithdrawalInput)
    .output(approvalOutput)
    .mutation(({ ctx, input }) => rejectWithdrawal(ctx.actor, input)),

  listUnassignedTransfers: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/unassigned-transfers",
        tags: ["Admin"],
        summary: "What came to the vault without a deposit",
        protect: true,
      },
    })
    .input(pageInput)
    .output(unassignedTransfersOutput)
    .query(({ input }) => listUnassignedTransfers(input)),

  listCaps: adminProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/admin/caps",
        tags: ["Admin"],
        summary: "The platform's caps, what is left of each and who changed them why",
        protect: true,
      },
    })
    .input(pageInput)
    .output(platformCapsOutput)
    .query(({ ctx, input }) => listPlatformCaps(ctx.actor, input)),

  createCap: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/caps",
        tags: ["Admin"],
        summary: "Cap what is spent under a scope, by everybody together or by somebody",
        protect: true,
      },
    })
    .input(createPlatformCapInput)
    .output(platformCapOutput)
    .mutation(({ ctx, input }) => createPlatformCap(ctx.actor, input)),

  changeCap: adminProcedure
    .meta({
      openapi: {
        method: "PATCH",
        path: "/admin/caps/{id}",
        tags: ["Admin"],
        summary: "Raise or lower a cap of the platform",
        protect: true,
      },
    })
    .input(changePlatformCapInput)
    .output(platformCapOutput)
    .mutation(({ ctx, input }) => changePlatformCap(ctx.actor, input)),

  removeCap: adminProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/admin/caps/{id}/remove",
        tags: ["Admin"],
        summary: "Remove a cap of the platform",
        protect: true,
      },
    })
    .input(removePlatformCapInput)
    .output(capRemovedOutput)
    .mutation(({ ctx, input }) => removePlatformCap(ctx.actor, input)),
});
