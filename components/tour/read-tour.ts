import { z } from "zod";
import { EMPTY_TOUR, STORAGE_KEY } from "./tour-memory.ts";

const callSchema = z.object({
  method: z.string(),
  path: z.string(),
  status: z.number(),
  /** All calls of this line together. */
  ms: z.number(),
  times: z.number(),
});
export type Call = z.infer<typeof callSchema>;

const recordSchema = z.object({
  name: z.string(),
  title: z.string(),
  ok: z.boolean(),
  ms: z.number(),
  receipt: z.record(z.string(), z.union([z.string(), z.number()])),
  error: z.string().exactOptional(),
  problem: z.object({ code: z.string(), message: z.string(), requestId: z.string().exactOptional() }).exactOptional(),
  calls: z.array(callSchema),
  answer: z.string(),
});
export type StepRecord = z.infer<typeof recordSchema>;

const memorySchema = z.object({
  records: z.record(z.string(), recordSchema),
  selected: z.string(),
  wantsNewPerson: z.boolean(),
  state: z.array(z.tuple([z.string(), z.string()])),
});
/** What of a walk survives a reload: what finished, and what later steps need of it. Never a key. */
export type TourMemory = z.infer<typeof memorySchema>;

export function loadTour(storage: Pick<Storage, "getItem"> | null): TourMemory {
  try {
    return memorySchema.safeParse(JSON.parse(storage?.getItem(STORAGE_KEY) ?? "null")).data ?? EMPTY_TOUR;
  } catch {
    return EMPTY_TOUR;
  }
}
