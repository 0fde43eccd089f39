import { z } from "zod";
import { runnerName } from "./job.ts";
import { nodeTrust } from "./trust.ts";

const units = z.string().regex(/^\d+$/);

export const rentalSort = z.enum(["price", "speed", "value", "reliability"]);
export type RentalSort = z.infer<typeof rentalSort>;

/** What machines to show. Everything is optional, and everything named must be met. */
export const rentalFilter = z.strictObject({
  /** A part of the GPU's name; "none" for machines without one. */
  gpu: z.string().trim().min(1).max(60).optional(),
  gpuMemoryMb: z.coerce.number().int().min(1).max(10_000_000).optional(),
  region: z.string().trim().min(2).max(32).optional(),
  trust: z.enum(["any", "verified"]).default("any"),
  /** Micro-dollars for an hour of one GPU, or of one core where there is none. */
  priceMax: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional(),
  sort: rentalSort.default("price"),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export type RentalFilter = z.output<typeof rentalFilter>;

export const rentalView = z.object({
  nodeId: z.string(),
  nodeName: z.string(),
  region: z.string().nullable(),
  trust: nodeTrust,
  isAttested: z.boolean(),
  runners: z.array(runnerName),
  gpus: z.array(z.object({ model: z.string(), memoryMb: z.number(), count: z.number() })),
  cpuCores: z.number(),
  memoryMb: z.number(),
  /** The most memory the node has shown to have; null before it was asked. */
  provenMemoryMb: z.number().nullable(),
  diskMb: z.number(),
  allowsNetwork: z.boolean(),
  hasImages: z.boolean(),
  free: z.object({ cpuCores: z.number(), memoryMb: z.number(), gpus: z.number() }),
  pricePerGpuHour: units,
  pricePerCoreHour: units,
  /** What was measured on real requests to this node's models. */
  tokensPerSecond: z.number().nullable(),
  /** Tokens a second for each dollar an hour of all its GPUs, or of all its cores. */
  speedPerDollar: z.number().nullable(),
  /** Of what it was given lately, how much it finished, 0 to 1. */
  reliability: z.number(),
  /** What its provider has at stake on the chain: what can be taken from it when it cheats. */
  stake: units,
});
export type RentalView = z.infer<typeof rentalView>;
/** `total` counts all that meet the filter; `gpus` and `regions` are what one may filter by. */
export const rentalsOutput = z.object({
  data: z.array(rentalView),
  total: z.number(),
  gpus: z.array(z.string()),
  regions: z.array(z.string()),
});

export const priceKind = z.enum(["gpu-hour", "core-hour", "input-tokens", "output-tokens"]);
export const priceHistoryInput = z.strictObject({
  kind: priceKind,
  key: z.string().trim().min(1).max(120),
  days: z.coerce.number().int().min(1).max(90).default(7),
});
export const priceHistoryOutput = z.object({
  /** The lowest price in each hour in which something was offered, oldest first. */
  data: z.array(z.object({ at: z.string(), priceMin: units, offers: z.number() })),
});

export const providerSummary = z.object({
  asset: z.literal("USD"),
  /** What the platform keeps of what renters pay, in basis points. */
  feeBps: z.number(),
  earned: z.object({ today: units, week: units, month: units }),
  byDay: z.array(z.object({ day: z.string(), inference: units, compute: units, pools: units })),
  nodes: z.array(
    z.object({
      nodeId: z.string(),
      /** Shares of the last day's time, 0 to 1: places that gave answers, cores under jobs, and the platform's own tests. */
      answering: z.number(),
      leased: z.number(),
      tested: z.number(),
      /** What it would earn in a day if all of it were rented at its prices and measured speed. */
      fullDay: units,
    }),
  ),
});
export type ProviderSummary = z.infer<typeof providerSummary>;
