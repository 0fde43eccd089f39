import { z } from "zod";
import { breakerReading } from "#core/breakers.ts";
import { type Judgement, judgement, toSignerJson } from "#core/schemas/signer.ts";
import type { Sql } from "#server/db.ts";
import type { Actor } from "#server/identity/actor.ts";

/** A strategy's turn; of a model's turn also which of its steps. */
const turn = z.strictObject({
  kind: z.literal("strategy"),
  strategyId: z.string(),
  turn: z.int(),
  step: z.int().nullable(),
});
export type Turn = z.output<typeof turn>;

/** Who asked for an action. A key may be a person's or the agent's own. */
export const askedBySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("person"), userId: z.string() }),
  z.strictObject({ kind: z.literal("key"), keyId: z.string(), isMcp: z.boolean() }),
  turn,
]);
export type AskedBy = z.output<typeof askedBySchema>;

export const recordedJudgement = judgement.extend({ at: z.iso.datetime() });
export type RecordedJudgement = z.output<typeof recordedJudgement>;
export const recordedBreakers = z.array(breakerReading);

export function askedBy({ userId, apiKeyId, door }: Actor, turnOf: Turn | undefined): AskedBy {
  if (turnOf) return turnOf;
  return apiKeyId ? { kind: "key", keyId: apiKeyId, isMcp: door === "mcp" } : { kind: "person", userId };
}

/** A judgement as it is kept, with the time at which it was given. */
const kept = ({ policyHash, rules, spent, spentInWindow, usd, outcome, approvalsNeeded }: Judgement): string =>
  toSignerJson({
    policyHash,
    rules,
    spent,
    spentInWindow,
    usd,
    outcome,
    approvalsNeeded,
    at: new Date().toISOString(),
  });

/** What the signer said of a plan before anything is built for it. */
export async function noteJudged(sql: Sql, id: string, given: Judgement): Promise<void> {
  await sql.query("UPDATE agent_activity SET judged = $2::jsonb WHERE id = $1 AND status = 'planned'", [
    id,
    kept(given),
  ]);
}

/** What the breakers measured that let it pass. */
export async function noteBreakers(sql: Sql, id: string, readings: z.output<typeof recordedBreakers>): Promise<void> {
  await sql.query("UPDATE agent_activity SET breakers = $2::jsonb WHERE id = $1 AND status = 'planned'", [
    id,
    JSON.stringify(readings),
  ]);
}

/** What the signer said in the moment of signing, when nothing else was signed. */
export async function noteSigned(sql: Sql, id: string, given: Judgement): Promise<void> {
  await sql.query("UPDATE agent_activity SET signed = $2::jsonb WHERE id = $1", [id, kept(given)]);
}
