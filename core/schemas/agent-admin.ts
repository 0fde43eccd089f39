import { z } from "zod";
import { breakerKind } from "../breakers.ts";
import { AGENT_STATUSES, agentId } from "./agent.ts";
import { pageInput } from "./page.ts";

const isoTime = z.iso.datetime();

export const adminAgentsInput = pageInput.extend({ only: z.enum(["tripped", "all"]).default("all") });
export const adminAgentOutput = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.object({ id: z.string(), name: z.string().nullable() }),
  status: z.enum(AGENT_STATUSES),
  account: z.string(),
  /** The template that it was made from, by the name of then. */
  template: z.object({ id: z.string(), version: z.int(), name: z.string() }).nullable(),
  /** Breakers that hold it. */
  tripped: z.array(z.object({ kind: breakerKind, reason: z.string(), at: isoTime })),
  strategies: z.int(),
  /** What it did, and was refused, in the last day. */
  doneToday: z.int(),
  refusedToday: z.int(),
  createdAt: isoTime,
});
export type AdminAgentView = z.infer<typeof adminAgentOutput>;

export const stopAgentInput = z.strictObject({ id: agentId, reason: z.string().trim().min(3).max(300) });
export const agentIdInput = z.strictObject({ id: agentId });

export const signerHealthOutput = z.object({
  isUp: z.boolean(),
  /** Under which key-encryption key new wallets are kept. */
  keyId: z.string().nullable(),
  /** Wallets that are kept under another one still. */
  walletsToRotate: z.int().nullable(),
  agentKeys: z.int(),
  signedToday: z.int(),
});
export type SignerHealth = z.infer<typeof signerHealthOutput>;
