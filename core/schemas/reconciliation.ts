import { z } from "zod";
import { idPattern } from "../ids.ts";
import { pageOf } from "./page.ts";

const isoTime = z.iso.datetime();
const count = z.number().int().nonnegative();

/** One part of a run, as its row keeps it: of very many findings the first ones. */
export const reconciliationSection = z.object({
  name: z.string(),
  ms: count,
  findingCount: count,
  findings: z.array(z.object({ where: z.string(), problem: z.string() })),
});

const run = z.object({
  object: z.literal("reconciliation"),
  id: z.string(),
  status: z.enum(["queued", "running", "done", "failed"]),
  /** Who asked; null when the clock did. */
  requestedBy: z.object({ id: z.string(), name: z.string() }).nullable(),
  requestedAt: isoTime,
  startedAt: isoTime.nullable(),
  finishedAt: isoTime.nullable(),
  /** The chain was compared up to this block; null before it was. */
  block: z.string().nullable(),
  /** The newest link of the ledger's own chain that was compared. */
  link: z.string().nullable(),
  findingCount: count,
  error: z.string().nullable(),
});

export const reconciliationInput = z.strictObject({ id: z.string().regex(idPattern("reconciliation")) });
export const reconciliationOutput = run.extend({ sections: z.array(reconciliationSection) });
export type ReconciliationView = z.infer<typeof reconciliationOutput>;
export const reconciliationsOutput = pageOf(run);
