import { z } from "zod";
import {
  createPoolInput,
  joinPoolInput,
  leavePoolInput,
  poolDetail,
  poolIdInput,
  poolsOutput,
  poolView,
} from "#core/schemas/pool.ts";
import { closePool, createPool, getPool, joinPool, leavePool, listPools } from "#server/compute/pools/pools.ts";
import { publicProcedure, router, scoped } from "../trpc.ts";

const tags = ["Compute"];

/** Nodes that earn as one. */
export const poolRouter = router({
  list: publicProcedure
    .meta({ openapi: { method: "GET", path: "/pools", tags, summary: "Pools of nodes that earn as one" } })
    .input(z.void())
    .output(poolsOutput)
    .query(({ ctx }) => listPools(ctx.actor)),

  get: scoped("compute:write")
    .meta({
      openapi: { method: "GET", path: "/pools/{id}", tags, summary: "A pool and each of its workers", protect: true },
    })
    .input(poolIdInput)
    .output(poolDetail)
    .query(({ ctx, input }) => getPool(ctx.actor, input)),

  create: scoped("compute:write")
    .meta({ openapi: { method: "POST", path: "/pools", tags, summary: "Open a pool", protect: true } })
    .input(createPoolInput)
    .output(poolView)
    .mutation(({ ctx, input }) => createPool(ctx.actor, input)),

  join: scoped("compute:write")
    .meta({
      openapi: { method: "POST", path: "/pools/{id}/nodes", tags, summary: "Put one of your nodes in", protect: true },
    })
    .input(joinPoolInput)
    .output(poolView)
    .mutation(({ ctx, input }) => joinPool(ctx.actor, input)),

  leave: scoped("compute:write")
    .meta({
      openapi: {
        method: "DELETE",
        path: "/nodes/{nodeId}/pool",
        tags,
        summary: "Take one of your nodes out of its pool",
        protect: true,
      },
    })
    .input(leavePoolInput)
    .output(z.object({ nodeId: z.string() }))
    .mutation(({ ctx, input }) => leavePool(ctx.actor, input)),

  close: scoped("compute:write")
    .meta({ openapi: { method: "DELETE", path: "/pools/{id}", tags, summary: "Close your pool", protect: true } })
    .input(poolIdInput)
    .output(z.object({ id: z.string() }))
    .mutation(({ ctx, input }) => closePool(ctx.actor, input)),
});
