import { z } from "zod";
import { publicTotals } from "#core/schemas/public-totals.ts";
import { getPublicTotals } from "#server/operations/public-totals.ts";
import { publicProcedure, router } from "../trpc.ts";

export const statsRouter = router({
  get: publicProcedure
    .meta({ openapi: { method: "GET", path: "/stats", tags: ["Platform"], summary: "Public totals of the platform" } })
    .input(z.void())
    .output(publicTotals)
    .query(() => getPublicTotals()),
});
