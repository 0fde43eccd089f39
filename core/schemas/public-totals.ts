import { z } from "zod";

const units = z.string().regex(/^\d+$/);

/** What anyone may see of the whole platform: counts and sums, and the newest postings without whose they are. */
export const publicTotals = z.object({
  compute: z.object({ nodesOnline: z.number(), completions: z.number(), spent: units }),
  agents: z.object({ agents: z.number(), payments: z.number(), spent: units }),
  proofs: z.object({ models: z.number(), verified: z.number() }),
  rewards: z.object({ events: z.number(), people: z.number(), paid: units }),
  ledger: z.object({
    transfers: z.number(),
    accounts: z.number(),
    recent: z.array(z.object({ id: z.string(), kind: z.string(), amount: units, asset: z.string(), at: z.string() })),
  }),
  at: z.string(),
});

export type PublicTotals = z.infer<typeof publicTotals>;
