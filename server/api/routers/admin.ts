import { z } from "zod";
import { adminActionsOutput, adminOverviewSchema, adminUsersSchema } from "#core/schemas/admin.ts";
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
import { platformOverview } from "#server/operations/platform-overview.ts";
import { approveWithdrawal, listApprovals, rejectWithdrawal } from "#server/wallets/approve-withdrawal.ts";
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
});
