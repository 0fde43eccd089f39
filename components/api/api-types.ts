import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import type { AppRouter } from "#server/api/root.ts";

export type ApiOutput = inferRouterOutputs<AppRouter>;
export type ApiInput = inferRouterInputs<AppRouter>;
