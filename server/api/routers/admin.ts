import { z } from "zod";
import { adminOverviewSchema, adminUsersSchema } from "#core/schemas/admin.ts";
import { pageInput } from "#core/schemas/page.ts";
import { listUsers } from "#server/operations/list-users.ts";
import { platformOverview } from "#server/operations/platform-overview.ts";
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
});
