import { z } from "zod";
import { solvencyOutput } from "#core/schemas/solvency.ts";
import { getSolvency } from "#server/solvency/get-solvency.ts";
import { publicProcedure, router } from "../trpc.ts";

export const solvencyRouter = router({
  get: publicProcedure
    .meta({
      openapi: {
        method: "GET",
        path: "/solvency",
        tags: ["Platform"],
        summary: "What the platform owes and holds, epoch by epoch, with the roots at the Vault",
      },
    })
    .input(z.void())
    .output(solvencyOutput)
    .query(() => getSolvency()),
});
